from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from judge.models import Case, Project
from llm_judge.models.endpoint import Endpoint

#: A trial that no worker took up or finished for so long will not come any more.
GIVEN_UP = timedelta(minutes=5)


class Trial(models.Model):
    """A prompt tried on one case before it becomes a rater: what was asked, what came back, what it cost.

    No judgment comes of it. ``texts`` may repeat the item's and the model's words and is emptied by an erasure.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "queued"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="trials")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    configuration = models.JSONField(help_text="as of a rater")
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    trouble = models.TextField(blank=True, default="", help_text="why nothing could be asked")
    result = models.JSONField(default=dict, help_text="label, probabilities or reason, and each call's figures")
    texts = models.JSONField(default=dict, help_text="prompts, replies, reasons given")
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost = models.FloatField(default=0.0)
    latency_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="queued", finished_at__isnull=True)
                | Q(status__in=["done", "failed"], finished_at__isnull=False),
                name="trial_ended_has_time",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        """Whether an answer may still come."""
        return self.status == self.Status.QUEUED and timezone.now() - self.created_at < GIVEN_UP
