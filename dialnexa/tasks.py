"""Tasks that belong to no one app."""

from celery import shared_task

from dialnexa import clock, guessing
from dialnexa.api import idempotency
from dialnexa.heartbeats import beat


@shared_task
def beat_heart() -> None:
    """Beat rings, a worker answers: written down, it proves both and the broker between them."""
    beat("worker", now=clock.wall_now())


@shared_task
def mail_about_guessing(email: str, address: str) -> None:
    """Not in the request: it must not take longer where there is an account."""
    guessing.tell_owner(email, address)


@shared_task
def forget_old_answers() -> None:
    """Idempotency records are kept for a day."""
    idempotency.forget_old(now=clock.now())
