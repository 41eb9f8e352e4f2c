"""Tasks: load, one verb. Safe to run twice; losing one costs a few seconds until the sweeper rings again."""

from celery import shared_task

from dialnexa import clock
from dialnexa.actors import system
from dialnexa.doorbell import ring
from phone_numbers import releasing
from phone_numbers.batch_dialling import ending, running
from phone_numbers.buying import fulfilment, papers, strays
from phone_numbers.calls import costing, dialling
from phone_numbers.drift import ghosts, recent, sweeps
from phone_numbers.inbound import pointing
from phone_numbers.linking import health as trunk_health
from phone_numbers.linking import trunks


@shared_task
def fulfil_order(*, order_id: str) -> None:
    fulfilment.advance_order(order_id)


@shared_task
def confirm_number(*, number_id: str) -> None:
    papers.confirm_number(number_id)


@shared_task
def release_number(*, number_id: str) -> None:
    releasing.tell_carrier(number_id)


@shared_task
def release_stray(*, stray_id: str) -> None:
    strays.tell_carrier(stray_id)


@shared_task
def check_trunk(*, trunk_id: str) -> None:
    trunk_health.check_when_due(trunk_id, now=clock.now())


@shared_task
def end_interrupted_link(*, trunk_id: str) -> None:
    trunks.end_interrupted_link(trunk_id, now=clock.now())


@shared_task
def point_number(*, number_id: str) -> None:
    pointing.point_number(number_id)


@shared_task
def advance_call(*, call_id: str) -> None:
    dialling.advance_call(call_id)


@shared_task
def read_call_cost(*, call_id: str) -> None:
    costing.read_cost(call_id)


@shared_task
def advance_batch(*, batch_id: str) -> None:
    all(ring(advance_call, call_id=pk) for pk in running.advance_batch(batch_id))


@shared_task
def hang_up_batch(*, batch_id: str) -> None:
    ending.hang_up_calls(batch_id, by=system(running.NAME), now=clock.now())


@shared_task
def read_sweep(*, sweep_id: str) -> None:
    sweeps.read_on(sweep_id)


@shared_task
def confirm_ghost(*, drift_id: str) -> None:
    ghosts.confirm_ghost(drift_id)


@shared_task
def ask_about_recent(*, carrier: str) -> None:
    """Losing it leaves the numbers to the next round."""
    recent.ask_about_recent(carrier)
