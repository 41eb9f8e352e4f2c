"""Batches of calls, the dialling half: a checked list becomes rows, and the rows calls."""
