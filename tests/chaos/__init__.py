"""Chaos: real purchases through real processes while those processes are killed.

``python -m tests.chaos --n 200 --seed 7 [--sabotage look-up]`` buys N numbers through the web pages while
workers, sweepers, web servers, Redis and PostgreSQL are killed and the carrier answers ambiguously. Then it
compares what customers were told, what they paid and what the carrier holds. A sabotage takes one guard away;
the run must then report a failure, or the harness is blind. ``python -m tests.chaos.calls`` calls people
in the same way, through the real dialog, with webhooks that come twice, late, reordered, forged or never.
``python -m tests.chaos.rentals`` lets months pass in minutes: rent is charged, paid ahead by double clicks,
ended, and numbers are given back, rented again and handed over.
What the parts share is in ``program``.
"""
