from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.item import Case
from judge.models.rater import Judge, Rater
from judge.models.rubric import Criterion
from judge.rules.verdicts import Doubt


class Purpose(models.TextChoices):
    VOTE = "vote", "vote"
    EXTRA = "extra", "extra"
    REPEAT = "repeat", "repeat"
    GOLD_QUESTION = "gold_question", "gold question"
    TRAINING = "training", "training"
    SHOWN_FIRST = "shown_first", "after the judge's view"
    ADJUDICATION = "adjudication", "adjudication"
    IMPORTED = "imported", "imported"


class JudgmentText(models.Model):
    """A note or rationale: text that an erasure may empty while the judgment that points here stays."""

    note = models.TextField(blank=True, default="", help_text="a person's words")
    rationale = models.TextField(blank=True, default="", help_text="a machine's words")
    erased_at = models.DateTimeField(null=True)


class Judgment(AppendOnly):
    """One rater's answer to one case: a label with probabilities, or unscored with a reason.

    ``retracted_at`` is set when the same person corrects the answer: the new one is a row of its own.
    """

    movable: ClassVar[tuple[str, ...]] = ("retracted_at",)

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="judgments")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    purpose = models.CharField(max_length=14, choices=Purpose, default=Purpose.VOTE)
    label = models.CharField(max_length=60, null=True)
    probs = models.JSONField(null=True, help_text="label → probability")
    by_order = models.JSONField(null=True, help_text="pairs: order of presentation (ab, ba) → label → probability")
    outside_mass = models.FloatField(null=True, help_text="probability of anything but a label of the scale")
    confidence = models.FloatField(null=True, help_text="as told by an imported rater; no probability of ours")
    unscored_reason = models.CharField(max_length=40, blank=True, default="")
    origin = models.CharField(max_length=120, blank=True, default="", help_text="empty: made here, live")
    suspicion = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="why the item's text looks like a command"
    )
    text = models.ForeignKey(JudgmentText, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    submission = models.UUIDField(null=True, help_text="the client-made key of the submit that brought it")
    duration_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retracted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "rater"],
                condition=Q(purpose=Purpose.VOTE, retracted_at__isnull=True),
                name="judgment_one_vote_per_case_and_rater",
            ),
            models.UniqueConstraint(
                fields=["case", "rater"],
                condition=Q(purpose=Purpose.IMPORTED, retracted_at__isnull=True),
                name="judgment_one_imported_per_case_and_rater",
            ),
            models.CheckConstraint(
                condition=Q(label__isnull=False, unscored_reason="") | (Q(label__isnull=True) & ~Q(unscored_reason="")),
                name="judgment_label_or_reason",
            ),
        ]
        indexes = [
            # a person's last ten answers (annotation.actions.submissions)
            models.Index(fields=["rater", "-created_at"], name="judgment_by_rater"),
            # people's latest answers: a person's own have no probabilities (agreement, quality and workload pages)
            models.Index(
                fields=["rater", "criterion", "created_at"],
                condition=Q(probs__isnull=True, retracted_at__isnull=True),
                name="judgment_of_people",
            ),
        ]


class Verdict(AppendOnly):
    """A judge's calibrated answer to a case. ``confidence`` is max p̂, None when the case is unscored."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+", db_index=False)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    label = models.CharField(max_length=60, null=True)
    probs = models.JSONField(null=True)
    confidence = models.FloatField(null=True)
    doubt = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        choices=[(doubt.value, doubt.value) for doubt in Doubt],
        help_text="why it is never accepted, however confident",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "judge"], name="verdict_once_per_case_and_judge"),
            models.CheckConstraint(
                condition=Q(label__isnull=True, confidence__isnull=True)
                | Q(label__isnull=False, confidence__gt=0, confidence__lte=1),
                name="verdict_label_has_confidence",
            ),
        ]
        indexes = [
            # a judge's latest (judge.actions.mixes), and those since (tallies)
            models.Index(fields=["judge", "id"], name="verdict_by_judge"),
        ]
