from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.item import Case
from judge.models.policy import Policy
from judge.models.rater import Judge
from judge.models.rubric import Criterion
from judge.rules.routing import Reason, Route
from judge.rules.settling import Basis


class Decision(AppendOnly):
    """Where a case goes and why. The latest one answers "why is this case here?"."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    route = models.CharField(max_length=8, choices=[(route.value, route.value) for route in Route])
    reason = models.CharField(max_length=16, choices=[(reason.value, reason.value) for reason in Reason])
    people_wanted = models.PositiveSmallIntegerField()
    judge = models.ForeignKey(Judge, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+", db_index=False)
    certificate = models.ForeignKey(
        "judge.Certificate", null=True, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    confidence = models.FloatField(null=True)
    threshold = models.FloatField(null=True)
    is_audited = models.BooleanField(default=False)
    audit_probability = models.FloatField(null=True, help_text="π, set before the draw")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(route=Route.ACCEPT) | Q(judge__isnull=False, threshold__isnull=False),
                name="decision_accepts_only_by_a_judge_above_a_threshold",
            ),
            models.CheckConstraint(
                condition=Q(is_audited=False) | Q(audit_probability__gt=0), name="decision_audit_has_probability"
            ),
            models.CheckConstraint(condition=Q(reason__in=[r.value for r in Reason]), name="decision_reason_is_known"),
        ]
        indexes = [
            # the audit reads a certificate's acceptances in order: judge.actions.audits
            models.Index(fields=["certificate", "id"], condition=Q(route=Route.ACCEPT), name="decision_acceptances"),
            # the few acceptances that people see too: judge.actions.pass_rates, audit_slices, the probes
            models.Index(fields=["certificate", "id"], condition=Q(is_audited=True), name="decision_audits"),
        ]


class AgreedLabel(AppendOnly):
    """The final label of a case. A later one supersedes; only its status ever moves."""

    class Status(models.TextChoices):
        LIVE = "live", "live"
        IN_DOUBT = "in_doubt", "in doubt"
        WITHDRAWN = "withdrawn", "withdrawn"

    movable: ClassVar[tuple[str, ...]] = ("status", "status_since")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="agreed_labels", db_index=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+", db_index=False)
    label = models.CharField(max_length=60)
    basis = models.CharField(max_length=12, choices=[(basis.value, basis.value) for basis in Basis])
    n_people = models.PositiveSmallIntegerField()
    probs = models.JSONField(help_text="the soft label: label → probability")
    p_wrong = models.FloatField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.LIVE)
    status_since = models.DateTimeField(db_default=Now())
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True, default="", help_text="why a person overturned an earlier label")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=~Q(status="withdrawn"), name="agreed_label_one_live_per_case"
            ),
            models.CheckConstraint(
                condition=Q(basis=Basis.JUDGE, n_people=0)
                | Q(basis=Basis.SINGLE, n_people=1)
                | Q(basis=Basis.CONSENSUS, n_people__gte=2)
                | Q(basis=Basis.ADJUDICATED),
                name="agreed_label_basis_counts_people",
            ),
        ]
        indexes = [
            # exports walk the live labels of a project in id order; overview counts by criterion
            models.Index(fields=["criterion", "id"], condition=Q(status="live"), name="agreed_label_live"),
            models.Index(fields=["case"], name="agreed_label_by_case"),
            # cases whose label is known for sure: annotation.actions.known_sql
            models.Index(
                fields=["criterion", "id"],
                condition=Q(status="live", basis=Basis.ADJUDICATED),
                name="agreed_label_adjudicated",
            ),
            # what is in force no more, taken off the tally of all: judge.actions.pass_rates
            models.Index(fields=["criterion"], condition=~Q(status="live"), name="agreed_label_gone"),
        ]


class Event(AppendOnly):
    """What was done, by whom, to what: the audit log.

    Each project's events make one chain, and those without a project another. A writer leaves its row open; a moment
    later judge.actions.event_chain seals it: ``position`` and ``hash`` move once, from nothing (migration audit_chain).
    """

    movable: ClassVar[tuple[str, ...]] = ("position", "hash")

    project = models.ForeignKey("judge.Project", null=True, on_delete=models.PROTECT, related_name="events")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True, default="", help_text="kind:id, for example item:17")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    position = models.PositiveBigIntegerField(null=True, help_text="in its chain, from 1; empty: not sealed yet")
    hash = models.CharField(max_length=64, null=True, help_text="SHA-256 over the hash before it and this row")

    class Meta:
        constraints = [
            models.UniqueConstraint(  # the head of a chain, the chain in order
                fields=["project", "position"],
                condition=Q(position__isnull=False),
                nulls_distinct=False,
                name="event_position_once",
            ),
            models.CheckConstraint(
                condition=Q(position__isnull=True, hash__isnull=True) | Q(position__gte=1, hash__isnull=False),
                name="event_sealed_has_position_and_hash",
            ),
        ]
        indexes = [
            # the latest of a project: the overview's list, and whether summaries are due (judge.actions.summaries)
            models.Index(fields=["project", "id"], name="event_by_project"),
            # what is to be sealed (judge.actions.event_chain)
            models.Index(fields=["id"], condition=Q(hash__isnull=True), name="event_unsealed"),
        ]
