"""What carriers say we own, and where that differs from what we show."""

import functools

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import dialnexa.ids
from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0014_renewal_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="phonenumber",
            name="carrier_route",
            field=models.CharField(
                blank=True, help_text="Where its calls go, as the carrier confirmed", max_length=1000
            ),
        ),
        migrations.AddField(
            model_name="phonenumber",
            name="missing_since",
            field=models.DateTimeField(
                blank=True, help_text="Its carrier does not have it as ours: no rent is charged", null=True
            ),
        ),
        migrations.CreateModel(
            name="CarrierSweep",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(dialnexa.ids.new_id, *("swp",), **{}),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "carrier",
                    models.CharField(
                        choices=[
                            ("plivo", "Plivo"),
                            ("twilio", "Twilio"),
                            ("signalwire", "SignalWire"),
                            ("sip_trunk", "SIP trunk"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[("full", "The whole list"), ("recent", "Recent numbers")],
                        default="full",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("complete", models.BooleanField(default=False)),
                ("cursor", models.TextField(blank=True)),
                ("pages", models.PositiveIntegerField(default=0)),
                (
                    "counted",
                    models.PositiveIntegerField(default=0, help_text="Numbers on the pages read so far"),
                ),
                (
                    "told_total",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="How many the carrier says there are; empty: it does not say",
                        null=True,
                    ),
                ),
                (
                    "starts",
                    models.PositiveIntegerField(
                        default=1, help_text="The list changed while it was read: begun so often"
                    ),
                ),
                ("next_run_at", models.DateTimeField(blank=True, help_text="When to read on", null=True)),
                ("rung_until", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, help_text="Why it is not complete", max_length=500)),
                (
                    "alarm",
                    models.CharField(blank=True, help_text="Complete, but not believed", max_length=500),
                ),
            ],
            options={
                "ordering": ("-started_at", "-id"),
                "indexes": [
                    models.Index(fields=["carrier", "-started_at"], name="sweep_by_carrier"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["next_run_at"],
                        name="sweep_to_read_on",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("carrier", "scope"),
                        name="one_running_sweep",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("complete", False), ("finished_at__isnull", False), _connector="OR"
                        ),
                        name="complete_sweep_is_finished",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CarrierListing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("e164", models.CharField(max_length=16)),
                ("owned", models.BooleanField(default=True)),
                ("carrier_number_id", models.CharField(blank=True, max_length=64)),
                ("monthly_cost", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("route", models.CharField(blank=True, max_length=1000)),
                (
                    "papers",
                    models.CharField(
                        blank=True, help_text="Whether it may be used, in our words", max_length=30
                    ),
                ),
                (
                    "capabilities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), default=list, size=None
                    ),
                ),
                ("acquired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listings",
                        to="numbers.carriersweep",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sweep", "e164"), name="number_once_in_a_sweep")
                ],
            },
        ),
        migrations.CreateModel(
            name="Drift",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(dialnexa.ids.new_id, *("dft",), **{}),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("orphan", "Orphan"),
                            ("ghost", "Ghost"),
                            ("swapped", "Other id"),
                            ("price", "Price"),
                            ("route", "Routing"),
                            ("compliance", "Papers"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("adopted", "Adopted"),
                            ("repaired", "Repaired"),
                            ("released", "Released"),
                            ("ignored", "Ignored"),
                            ("gone", "Gone by itself"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "carrier",
                    models.CharField(
                        choices=[
                            ("plivo", "Plivo"),
                            ("twilio", "Twilio"),
                            ("signalwire", "SignalWire"),
                            ("sip_trunk", "SIP trunk"),
                        ],
                        max_length=20,
                    ),
                ),
                ("e164", models.CharField(max_length=16)),
                (
                    "carrier_number_id",
                    models.CharField(blank=True, help_text="As the carrier has it", max_length=64),
                ),
                ("fact", models.CharField(blank=True, max_length=400)),
                ("evidence", models.JSONField(default=list, help_text="Sentences")),
                ("monthly_cost", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "agreed_at",
                    models.DateTimeField(blank=True, help_text="Two sweeps agree since", null=True),
                ),
                (
                    "next_run_at",
                    models.DateTimeField(
                        blank=True, help_text="When to ask the carrier for exactly this number", null=True
                    ),
                ),
                ("rung_until", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "first_sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="numbers.carriersweep",
                    ),
                ),
                (
                    "last_sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="numbers.carriersweep",
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drifts",
                        to="numbers.phonenumber",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="numbers.numberorder",
                    ),
                ),
                (
                    "stray",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drifts",
                        to="numbers.straynumber",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "ordering": ("-first_seen_at", "-id"),
                "indexes": [
                    models.Index(fields=["status", "kind"], name="drift_by_status"),
                    models.Index(
                        condition=models.Q(("next_run_at__isnull", False), ("status", "open")),
                        fields=["next_run_at"],
                        name="drift_to_confirm",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("open", "ignored"))),
                        fields=("carrier", "e164", "kind"),
                        name="one_open_drift",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ("open", "adopted", "repaired", "released", "ignored", "gone"))
                        ),
                        name="drift_status_known",
                    ),
                ],
            },
        ),
        refuse_other_transitions(
            "numbers_drift",
            "ignored>gone,ignored>open,open>adopted,open>gone,open>ignored,open>released,open>repaired",
        ),
    ]
