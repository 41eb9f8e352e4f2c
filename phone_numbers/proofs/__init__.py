"""Proof that the books are right: held against themselves, and against what they are about."""
