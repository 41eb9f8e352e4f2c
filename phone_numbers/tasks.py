"""Tasks: load, one verb. Safe to run twice; losing one costs a few seconds until the sweeper rings again."""

from celery import shared_task

from phone_numbers import fulfilment, papers, releasing


@shared_task
def fulfil_order(*, order_id: str) -> None:
    fulfilment.advance_order(order_id)


@shared_task
def confirm_number(*, number_id: str) -> None:
    papers.confirm_number(number_id)


@shared_task
def release_number(*, number_id: str) -> None:
    releasing.tell_carrier(number_id)
