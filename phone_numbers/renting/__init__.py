"""Keeping numbers: renewal, grace, expiry, restoring, and what becomes of a number nobody pays for.

A rental's row is the job: ``next_run_at`` is when it is looked at next. ``sweep`` looks at everything that is
due; two of them at once share the work. Whoever holds a wallet's lock never waits for a rental's (it skips
those that are locked); everybody else locks number, rental and wallet in this order.
"""
