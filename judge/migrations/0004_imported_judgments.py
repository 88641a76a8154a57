from django.db import migrations, models

REASONS = [
    "certified", "no_certificate", "low_confidence", "judges_disagree", "unscored", "train_stream", "certify_stream",
    "gold_stream", "audit", "suspended", "recheck", "suspicious", "second_label", "milestone", "reopened", "requested",
    "people_disagree", "imported",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("judge", "0003_doubt_and_suspicion")]

    operations = [
        migrations.AddField(
            model_name="frame",
            name="reference",
            field=models.CharField(
                choices=[("three", "three"), ("single", "single")],
                db_default="three",
                default="three",
                help_text="how many imported people make the reference of a case; a certificate says so",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="judgment",
            name="confidence",
            field=models.FloatField(help_text="as told by an imported rater; no probability of ours", null=True),
        ),
        migrations.AddConstraint(
            model_name="judgment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "imported"), ("retracted_at__isnull", True)),
                fields=("case", "rater"),
                name="judgment_one_imported_per_case_and_rater",
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="stream_reason",
            field=models.CharField(
                default="drawn", help_text="drawn, imported_sample or outside_sample", max_length=20
            ),
        ),
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
    ]
