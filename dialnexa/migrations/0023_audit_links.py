from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0022_more_approvals_checked")]

    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("entry_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "chain",
                    models.CharField(
                        blank=True, help_text="The workspace's id; empty: nobody's", max_length=40
                    ),
                ),
                ("n", models.BigIntegerField(help_text="From 1, without gaps")),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the link before and the entry", max_length=64),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("chain", "n"), name="one_link_per_place")],
            },
        ),
    ]
