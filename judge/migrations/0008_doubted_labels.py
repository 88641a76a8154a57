from django.db import migrations, models

REASONS = [
    "certified", "no_certificate", "low_confidence", "judges_disagree", "unscored", "train_stream", "certify_stream",
    "gold_stream", "audit", "suspended", "recheck", "suspicious", "second_label", "milestone", "reopened", "requested",
    "people_disagree", "label_doubted", "waiting_sample", "imported",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("judge", "0007_waiting_sample")]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="reason",
            field=models.CharField(choices=[(reason, reason) for reason in REASONS], max_length=16),
        ),
        migrations.RemoveConstraint(model_name="decision", name="decision_reason_is_known"),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", REASONS)), name="decision_reason_is_known"
            ),
        ),
        migrations.AddField(
            model_name="skilltable",
            name="fitted_on",
            field=models.CharField(
                blank=True, default="", help_text="what was there to fit: another value is news", max_length=120
            ),
        ),
    ]
