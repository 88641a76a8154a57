from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from annotation.models.lease import Lease
from judge.models import Item, Project


class Submission(models.Model):
    """One submit, known by the key its browser sent: the same key twice is one submit.

    The judgments it brought carry the key in their ``submission``.
    """

    key = models.UUIDField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions", db_index=False
    )
    lease = models.ForeignKey(Lease, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    was_late = models.BooleanField(default=False, help_text="its lease had been closed before it came")
    duration_ms = models.PositiveIntegerField(null=True, help_text="from first sight of the item to the submit")
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            # the last ten submits that a person may correct
            models.Index(fields=["person", "project", "-created_at"], name="submission_recent"),
        ]


class Draft(models.Model):
    """What a person has chosen but not submitted yet; thrown away with the submit."""

    lease = models.OneToOneField(Lease, on_delete=models.CASCADE, related_name="draft")
    answers = models.JSONField(default=dict, help_text="case id → what the form holds")
    saved_at = models.DateTimeField(auto_now=True)
