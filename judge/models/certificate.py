"""Certificates: the proof that lets one judge accept one criterion, its watch, and the alarm that withdraws it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.policy import Policy
from judge.models.project import Project
from judge.models.rater import Judge
from judge.models.rubric import Criterion
from judge.rules.imported import Reference
from judge.rules.routing import CellState

STATES = [(state.value, state.value) for state in CellState]


class Certificate(AppendOnly):
    """One test of a judge on the certify cases of a cell (criterion × judge × frames). Only its state ever moves.

    ``threshold`` is None where the test certified nothing: then the state is *uncertified* and nothing is accepted.
    """

    class Scope(models.TextChoices):
        CONTEXTS = "contexts", "new contexts of these frames"
        ITEMS = "items", "the imported items only"

    movable: ClassVar[tuple[str, ...]] = ("state", "state_reason", "state_since")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="certificates")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="certificates", db_index=False)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="certificates", db_index=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+", db_index=False)
    frames = models.JSONField(help_text="ids of the frames that it speaks of")
    imported_after = models.DateTimeField(null=True, help_text="only certify items imported later: after an alarm")
    scope = models.CharField(max_length=8, choices=Scope)
    reference = models.CharField(max_length=6, choices=[(each.value, each.value) for each in Reference])
    alpha = models.FloatField(help_text="disagreement with people allowed among what is accepted")
    delta = models.FloatField(help_text="probability that the promise fails, over all tests on this sample")
    delta_spent = models.FloatField(help_text="this test's share of delta")
    judges_tested = models.PositiveSmallIntegerField(help_text="v: tests of judges on this sample, this one included")
    looks = models.JSONField(default=list, help_text="declared sizes of the looks; empty: one look at all cases")
    look = models.PositiveSmallIntegerField(default=1)
    grid = models.JSONField(help_text="descending thresholds, frozen before the answers were read")
    threshold = models.FloatField(null=True)
    n = models.PositiveIntegerField(help_text="certify cases tested")
    n_accepted = models.PositiveIntegerField(help_text="of them at or above the threshold")
    n_errors = models.PositiveIntegerField(help_text="of those, where people do not agree with the judge")
    coverage = models.FloatField(help_text="n_accepted / n")
    figures = models.JSONField(default=dict, help_text="what stands beside alpha: error among passes, majority label")
    state = models.CharField(max_length=12, choices=STATES)
    state_reason = models.CharField(max_length=200, blank=True, default="")
    state_since = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "judge"],
                condition=Q(state=CellState.CERTIFIED),
                name="certificate_one_in_force_per_criterion_and_judge",
            ),
            models.CheckConstraint(
                condition=Q(threshold__isnull=False) | ~Q(state=CellState.CERTIFIED),
                name="certificate_certifies_only_with_a_threshold",
            ),
            models.CheckConstraint(
                condition=Q(alpha__gt=0, alpha__lt=1, delta__gt=0, delta__lt=1, delta_spent__gt=0),
                name="certificate_risk_in_unit_interval",
            ),
            models.CheckConstraint(
                condition=Q(n_errors__lte=models.F("n_accepted"), n_accepted__lte=models.F("n")),
                name="certificate_counts_fit",
            ),
        ]
        indexes = [
            # the cell's tests, the newest first: routing, pages, the number of judges tested
            models.Index(fields=["criterion", "judge", "-id"], name="certificate_by_cell"),
        ]


class AuditWatch(models.Model):
    """What watches one certificate: how far its audits were read, and what they say. Written by workers only.

    ``rate`` is π of the next acceptance, set from the past alone. ``state`` is judge.stats.drift's own record.
    """

    certificate = models.OneToOneField(Certificate, on_delete=models.CASCADE, related_name="watch")
    state = models.JSONField(default=dict)
    last_decision = models.BigIntegerField(default=0, help_text="acceptances were read in order up to this one")
    n_accepted = models.PositiveIntegerField(default=0)
    n_audited = models.PositiveIntegerField(default=0)
    n_errors = models.PositiveIntegerField(default=0)
    level = models.FloatField(default=0.0, help_text="of the e-detector; alarm at 2000")
    bound = models.FloatField(null=True, help_text="95 % time-uniform bound on disagreement among all accepted")
    input_drift = models.FloatField(default=0.0, help_text="log martingale on confidences; raises the rate only")
    rate = models.FloatField(default=1.0)
    rated_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "audit watches"
        constraints = [models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=1), name="audit_watch_rate_is_one")]


class WaitingBatch(models.Model):
    """Cases that waited for people when a certificate came: accepted only after a random sample passes (STATISTICS §3).

    ``sample`` holds the ids of the cases drawn; they are answered like any reference.
    """

    class State(models.TextChoices):
        ASKED = "asked", "asked"
        PASSED = "passed", "passed"
        FAILED = "failed", "failed"

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="batches")
    cases = models.JSONField(help_text="ids of all cases of the batch")
    sample = models.JSONField(help_text="ids of those drawn")
    level = models.FloatField(help_text="delta / 10")
    state = models.CharField(max_length=6, choices=State, default=State.ASKED)
    n_errors = models.PositiveIntegerField(default=0)
    n_accepted = models.PositiveIntegerField(default=0, help_text="accepted once the sample had passed")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "waiting batches"
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"], condition=Q(state="asked"), name="waiting_batch_one_open_per_certificate"
            )
        ]


class Alarm(AppendOnly):
    """The audit says that a judge disagrees with people more often than promised: its certificate is suspended."""

    movable: ClassVar[tuple[str, ...]] = ("resolved_at",)

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="alarms")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="alarms")
    level = models.FloatField(help_text="of the e-detector when it rang")
    n_audited = models.PositiveIntegerField()
    n_errors = models.PositiveIntegerField()
    since_decision = models.BigIntegerField(
        help_text="labels accepted from here on are in doubt: the earliest plausible change"
    )
    changed_at = models.DateTimeField(
        help_text="the latest plausible change: certify items imported before prove nothing"
    )
    n_in_doubt = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    resolved_at = models.DateTimeField(null=True, help_text="when the cell was certified anew, or a lead gave it up")

    class Meta:
        indexes = [
            # banner and raised rates: alarms of a project that stand
            models.Index(fields=["project"], condition=Q(resolved_at=None), name="alarm_standing"),
        ]


class SkillTable(models.Model):
    """What people's answers are worth, per criterion: written by workers, read by settling (STATISTICS §5).

    ``confusions``: rater id → rows (true label) of columns (answer), labels in the scale's order. ``calibration``:
    number of people → [[q, calibrated q], …], None before 200 gold cases.
    """

    criterion = models.OneToOneField(Criterion, on_delete=models.CASCADE, related_name="skills")
    confusions = models.JSONField(default=dict)
    calibration = models.JSONField(null=True)
    n_cases = models.PositiveIntegerField(default=0)
    n_gold = models.PositiveIntegerField(default=0)
    fitted_at = models.DateTimeField(db_default=Now())
    fitted_on = models.CharField(
        max_length=120, blank=True, default="", help_text="what was there to fit: another value is news"
    )


class Milestone(models.Model):
    """A milestone audit: recent outputs drawn at random, labelled blind, held against the last certificate.

    ``cases`` maps a criterion's id to the ids of the cases drawn.
    """

    class State(models.TextChoices):
        ASKED = "asked", "asked"
        PASSES = "passes", "passes"
        DEGRADED = "degraded", "degraded"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="milestones")
    name = models.CharField(max_length=120)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="+", db_index=False)
    drawn_from = models.JSONField(help_text="what was drawn from: generator, round, imported since")
    cases = models.JSONField()
    alpha = models.FloatField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    report = models.JSONField(default=dict, help_text="criterion key → n, errors, interval, against")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="milestone_name_once")]
