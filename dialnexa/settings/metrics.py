"""Figures for Prometheus, and who may read them (see dialnexa.metrics)."""

import os

from dialnexa.settings.environment import DATA_DIR, DEBUG, env, networks

METRICS_TOKEN = env.str("DIALNEXA_METRICS_TOKEN", "")  # sent as a bearer token
METRICS_NETWORKS = networks("DIALNEXA_METRICS_NETWORKS", "127.0.0.0/8,::1/128" if DEBUG else "")
METRICS_KEPT = 5.0  # seconds that figures from the database are told again
# Where the processes of one machine count together; prometheus_client looks for this name of its own
METRICS_DIR = env.str("DIALNEXA_METRICS_DIR", str(DATA_DIR / "metrics"))
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", METRICS_DIR)
