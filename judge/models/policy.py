from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.project import Project
from judge.rules.routing import PolicyTerms


class Policy(AppendOnly):
    """An immutable version of a project's rules: risk, overlap, stream rates, what people see.

    Rates left empty follow ``judge.rules.streams.default_rates`` for the size of each frame.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    alpha = models.FloatField(default=0.10, help_text="disagreement with people allowed among accepted labels")
    delta = models.FloatField(default=0.10, help_text="probability that the certificate's promise fails")
    criterion_risk = models.JSONField(default=dict, help_text="criterion key → {alpha, delta} where they differ")
    overlap = models.PositiveSmallIntegerField(default=3, help_text="people asked at most before an adjudicator")
    train_rate = models.FloatField(null=True, blank=True)
    certify_rate = models.FloatField(null=True, blank=True)
    gold_rate = models.FloatField(null=True, blank=True)
    pi_min = models.FloatField(default=0.05, help_text="least share of accepted labels that is audited")
    is_blind = models.BooleanField(default=True, help_text="people answer before they see the judge's view")
    one_person_labels = models.BooleanField(default=False, help_text="one person's answer is final on open cases")
    tier_share = models.FloatField(default=0.5, help_text="share of top marks that makes a qualified item Superior")
    gold_question_rate = models.FloatField(default=0, db_default=0, help_text="share of items with a known label")
    teaches_gold = models.BooleanField(default=False, db_default=False, help_text="gold questions tell the right label")
    gold_limit = models.FloatField(null=True, blank=True, help_text="share right below which a person is paused")
    repeat_rate = models.FloatField(default=0, db_default=0, help_text="share of items that a person answered before")
    training_items = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="a newcomer's first, taught")
    shown_first_rate = models.FloatField(
        default=0, db_default=0, help_text="share of train items asked with the judge's view beside them"
    )
    lease_minutes = models.PositiveSmallIntegerField(default=20)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="policy_version_once"),
            models.CheckConstraint(
                condition=Q(alpha__gt=0, alpha__lt=1, delta__gt=0, delta__lt=1), name="policy_risk_in_unit_interval"
            ),
            models.CheckConstraint(
                condition=Q(overlap__gte=2) | Q(one_person_labels=True, overlap__gte=1),
                name="policy_two_people_unless_one_is_allowed",
                violation_error_message="overlap must be at least 2, or at least 1 where one-person labels are allowed",
            ),
            models.CheckConstraint(condition=Q(pi_min__gt=0, pi_min__lte=1), name="policy_pi_min_in_unit_interval"),
            models.CheckConstraint(
                condition=Q(train_rate__isnull=True)
                | (
                    Q(train_rate__gte=0, certify_rate__gte=0, gold_rate__gte=0)
                    & Q(train_rate__lte=1 - F("certify_rate") - F("gold_rate"))
                ),
                name="policy_stream_rates_sum_to_at_most_one",
            ),
            models.CheckConstraint(condition=Q(lease_minutes__gte=1), name="policy_lease_lasts"),
            models.CheckConstraint(
                condition=Q(gold_question_rate__gte=0, repeat_rate__gte=0, shown_first_rate__gte=0)
                & Q(gold_question_rate__lte=0.5 - F("repeat_rate") - F("shown_first_rate")),
                name="policy_measures_at_most_half",
                violation_error_message="at most half of what people answer may measure them",
            ),
            models.CheckConstraint(
                condition=Q(gold_limit__isnull=True) | Q(gold_limit__gt=0, gold_limit__lt=1),
                name="policy_gold_limit_in_unit_interval",
            ),
        ]

    @property
    def terms(self) -> PolicyTerms:
        return PolicyTerms(overlap=self.overlap, one_person_labels=self.one_person_labels)

    def risk_of(self, criterion: str) -> tuple[float, float]:
        """Alpha and delta of the criterion of this key: its own where the policy has them."""
        own = self.criterion_risk.get(criterion, {})
        return own.get("alpha", self.alpha), own.get("delta", self.delta)
