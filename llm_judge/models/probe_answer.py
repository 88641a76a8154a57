from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from judge.models import Case, Rater


class ProbeAnswer(models.Model):
    """What a machine rater said of a copy of a case's item in which one thing was changed. No judgment comes of it.

    No word of the item stands here: the changed copy is made anew whenever it is asked about.
    """

    class Arm(models.TextChoices):
        PLAIN = "plain", "as it is"
        PADDING = "padding", "with words that say nothing"
        BRAND_SWAP = "brand_swap", "with another brand"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="+", db_index=False)
    arm = models.CharField(max_length=10, choices=Arm)
    label = models.CharField(max_length=60, blank=True, default="", help_text="empty: unscored")
    passing = models.FloatField(null=True, help_text="probability of the labels that pass; none where unscored")
    unscored_reason = models.CharField(max_length=40, blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            # what was asked is not asked again; also how a judge's answers are found
            models.UniqueConstraint(fields=["rater", "case", "arm"], name="probe_answer_once"),
            models.CheckConstraint(
                condition=models.Q(label="", passing=None)
                | ~models.Q(label="") & models.Q(passing__gte=0, passing__lte=1),
                name="probe_answer_label_has_probability",
            ),
        ]
