"""Indexes for the Phone Numbers table of workspaces with very many numbers: its rare views, its filters."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


def index_of(model: str, name: str, condition: Q, *more: str) -> AddIndexConcurrently:
    fields = ["workspace", *more]
    return AddIndexConcurrently(model, models.Index(fields=fields, condition=condition, name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("numbers", "0026_rental_to_remind")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        index_of(
            "phonenumber",
            "number_kinds",
            ~Q(status="released") & Q(dismissed_at__isnull=True),
            "country",
            "type",
            "carrier",
        ),
        index_of("phonenumber", "number_pending", Q(status="pending")),
        index_of("phonenumber", "number_failed", Q(status="failed", dismissed_at__isnull=True)),
        index_of(
            "phonenumber",
            "number_unrouted",
            Q(status="active", inbound_version__isnull=True, outbound_version__isnull=True),
        ),
        index_of("phonenumber", "number_own_carrier", Q(carrier="sip_trunk")),
        index_of("rental", "rental_by_end", Q(rental_status="active", ended_at__isnull=True), "paid_through"),
        index_of("rental", "rental_expired", Q(rental_status="expired", ended_at__isnull=True)),
    ]
