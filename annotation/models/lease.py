from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models import Item, Judge, Project

IS_LIVE = Q(closed_at__isnull=True)


class Lease(models.Model):
    """One person's claim on an item for a limited time; while it is open it holds a seat in each of ``case_ids``.

    It is opened, extended and closed by annotation.actions alone, always under the lock of its item. One that measures
    or teaches the person (any kind but work) asks ``known_ids`` instead and holds no seat.
    """

    class Kind(models.TextChoices):
        WORK = "work", "work"
        GOLD_QUESTION = "gold_question", "gold question"
        TAUGHT_QUESTION = "taught_question", "gold question with the right answer afterwards"
        REPEAT = "repeat", "repeat"
        TRAINING = "training", "training"
        SHOWN_FIRST = "shown_first", "the judge's view shown first"

    class Outcome(models.TextChoices):
        SUBMITTED = "submitted", "submitted"
        RELEASED = "released", "released"
        EXPIRED = "expired", "expired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="leases", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leases", db_index=False
    )
    case_ids = ArrayField(models.BigIntegerField(), help_text="the cases whose seats it holds, in id order")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.WORK, db_default=Kind.WORK)
    known_ids = ArrayField(models.BigIntegerField(), null=True, help_text="the cases it asks without a seat")
    judge = models.ForeignKey(
        Judge, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="whose view was shown"
    )
    is_listed = models.BooleanField(
        default=False, db_default=False, help_text="taken beside another item of its context, to answer them as a list"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default="")
    #: Read beside the row by annotation.actions.leases.claim alone: (case, criterion) as the rubric in force lists
    #: them, and what the person had chosen before they left, as a draft holds it.
    asked: Sequence[tuple[int, int]] = ()
    chosen: Mapping[str, Mapping[str, Any]] | None = None
    #: Told by Postgres, which alone keeps the time of leases: the clock of a web server may differ.
    seconds_left: int | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "person"], condition=IS_LIVE, name="lease_one_live_per_item_and_person"
            ),
            # two tabs of one person: the second claim finds the lease of the first; rows of a list come beside it
            models.UniqueConstraint(
                fields=["person", "project"],
                condition=IS_LIVE & Q(is_listed=False),
                name="lease_one_live_per_person_and_project",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="lease_closed_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(kind="work", known_ids__isnull=True)
                | (~Q(kind="work") & Q(known_ids__isnull=False, case_ids=[])),
                name="lease_holds_seats_for_work_alone",
            ),
            models.CheckConstraint(
                condition=Q(kind="shown_first", judge__isnull=False) | (~Q(kind="shown_first") & Q(judge__isnull=True)),
                name="lease_shows_a_judge_where_it_says_so",
            ),
        ]
        indexes = [
            # the sweep of expired leases
            models.Index(fields=["project", "expires_at"], condition=IS_LIVE, name="lease_live_by_expiry"),
        ]

    @property
    def asked_ids(self) -> list[int]:
        """All cases that it asks, with or without a seat."""
        return [*self.case_ids, *(self.known_ids or ())]
