"""Batches of calls, the reading half: a list as people export it, judged row by row before any call."""
