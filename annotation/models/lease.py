from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models import Item, Project


class Lease(models.Model):
    """One person's claim on an item for a limited time; holds a seat in each of ``case_ids``."""

    class Outcome(models.TextChoices):
        SUBMITTED = "submitted", "submitted"
        RELEASED = "released", "released"
        EXPIRED = "expired", "expired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="leases")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leases")
    case_ids = ArrayField(models.BigIntegerField(), help_text="the cases whose seats it holds")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "person"], condition=Q(closed_at__isnull=True), name="lease_one_live_per_item_and_person"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="lease_closed_has_outcome",
            ),
        ]
        indexes = [
            # the sweep of expired leases before each claim
            models.Index(fields=["project", "expires_at"], condition=Q(closed_at__isnull=True), name="lease_live_by_expiry"),
        ]
