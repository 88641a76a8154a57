import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Sums that summaries read on from, and indexes for what they count anew."""

    dependencies = [("judge", "0015_item_drawn")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("of", models.CharField(blank=True, default="", max_length=40)),
                ("until", models.BigIntegerField(default=0)),
                ("sums", models.JSONField(default=list, help_text="rows: the key, then how many")),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="judge.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tallies",
                "constraints": [
                    models.UniqueConstraint(fields=["project", "name"], name="tally_once_per_project_and_name")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="judgment",
            index=models.Index(
                fields=["rater", "criterion", "created_at"],
                condition=Q(probs__isnull=True, retracted_at__isnull=True),
                name="judgment_of_people",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["certificate", "id"], condition=Q(is_audited=True), name="decision_audits"),
        ),
        migrations.AddIndex(
            model_name="agreedlabel",
            index=models.Index(fields=["criterion"], condition=~Q(status="live"), name="agreed_label_gone"),
        ),
    ]
