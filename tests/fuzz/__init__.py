"""Fuzzing the REST API: ``make fuzz N=5000 SEED=…``.

A whole installation is started (``manage.py up`` with a folder of its own), and Schemathesis sends what its
OpenAPI document allows, what it forbids, and sequences that use the ids of earlier answers. No answer may be
a 5xx or undocumented; the ledger must be whole at the end.
"""
