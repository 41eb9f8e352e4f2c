from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("dialnexa", "0019_approvals_wall"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", help_text="Of pages and mail; empty: the browser's, mail English", max_length=10),
        ),
    ]
