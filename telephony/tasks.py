"""Tasks: load, one verb. Safe to run twice; losing one costs a few seconds until the sweeper rings again."""

from celery import shared_task

from telephony.batches import background


@shared_task(soft_time_limit=280, time_limit=290)  # a workbook takes a minute; the broker waits for five
def read_batch(*, batch_id: str) -> None:
    background.read_batch(batch_id)
