"""Logs: lines that programs can read, with the ids of whose work they are about and without secrets."""
