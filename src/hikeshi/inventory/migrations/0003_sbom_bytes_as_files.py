"""The bytes of an SBOM move from a column to the sealed files of its release."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("inventory", "0002_gaps_and_deviations"),
        ("records", "0003_files"),
    ]

    operations = [
        migrations.RemoveField(model_name="sbom", name="content"),
        migrations.AddField(
            model_name="sbom",
            name="blob",
            # Nothing was released with the column, so that there are no rows to take along.
            field=models.ForeignKey(
                default=0, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="records.blob",
            ),
            preserve_default=False,
        ),
    ]  # fmt: skip
