"""Reconciliation: carriers' lists of what we own against what we show.

Carriers bill for numbers nobody here sees, and drop numbers that are shown as active; neither tells. So their
lists are read every night, and recent numbers are asked about all day. A list is no snapshot: only one that
was read completely counts, and only what two sweeps agree on is acted upon. By itself nothing happens but
that a lost number is marked, which stops its rent; everything else is a click of staff.
"""
