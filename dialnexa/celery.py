"""The Celery application and its beat table. Beat only wakes things; it decides nothing."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dialnexa.settings")

app = Celery("dialnexa")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "worker heartbeat": {"task": "dialnexa.tasks.beat_heart", "schedule": 10.0, "options": {"expires": 10}},
    "old answers": {"task": "dialnexa.tasks.forget_old_answers", "schedule": 3600.0},
}
