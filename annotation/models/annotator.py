from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models import Item, Project


class Annotator(models.Model):
    """A person's terms of work in one project, and where in its queue they read. Without a row nothing is limited.

    Leads set the terms (annotation.actions.terms); the claim heeds them and moves the place.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="annotators")
    languages = ArrayField(models.CharField(max_length=10), default=list, help_text="as zh, en; empty: every language")
    criteria = ArrayField(models.CharField(max_length=60), default=list, help_text="their keys; empty: every criterion")
    daily_cap = models.PositiveIntegerField(null=True, help_text="items that they may answer in a day")
    is_paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=200, blank=True, default="", help_text="told to the person")
    shows_lists = models.BooleanField(
        default=False, db_default=False, help_text="their choice: outputs of one context come as one list"
    )
    #: Where the next look at the queue begins: their tier, and in it the context that they have just read.
    place_priority = models.SmallIntegerField(null=True)
    place_order = models.FloatField(null=True)
    looked_at = models.DateTimeField(null=True, help_text="when they last looked from the head of the queue")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "person"], name="annotator_once_per_project"),
            models.CheckConstraint(
                condition=Q(is_paused=False, pause_reason="") | (Q(is_paused=True) & ~Q(pause_reason="")),
                name="annotator_pause_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(daily_cap__isnull=True) | Q(daily_cap__gte=1), name="annotator_cap_allows_one"
            ),
        ]


class Assignment(models.Model):
    """An item that a lead gave to a person: it comes first to them. It holds no seat before they take the item.

    It is closed by their submit, or by the sweep once nothing of the item waits for people.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # the claim takes a person's open ones in order; the submit closes that of its item
            models.UniqueConstraint(
                fields=["person", "item"], condition=Q(closed_at__isnull=True), name="assignment_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "person", "id"], condition=Q(closed_at__isnull=True), name="assignment_open"
            ),
        ]
