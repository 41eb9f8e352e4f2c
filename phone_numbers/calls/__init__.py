"""Calls over the workspace's numbers: placing them, following them to their end, answering them."""
