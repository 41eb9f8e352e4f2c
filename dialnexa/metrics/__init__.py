"""Figures for Prometheus: what processes count, and what the database says at the moment it is asked."""
