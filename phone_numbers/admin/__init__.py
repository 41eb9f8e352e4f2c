"""Numbers, orders, rents, trunks, the drift desk and the proofs of the books, for support staff."""

from phone_numbers.admin import bulk, drift, drift_desk, numbers, pool, proofs, rentals, trunks

__all__ = ["bulk", "drift", "drift_desk", "numbers", "pool", "proofs", "rentals", "trunks"]
