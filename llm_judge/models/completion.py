from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models import Case, Judgment, Rater
from llm_judge.models.run import Run


class Completion(models.Model):
    """The calls behind one answer of a machine: what they cost and what went wrong.

    Without a judgment it is a try that failed for the server's sake: the case is still to be judged. ``raw_text``
    and ``detail`` may repeat a model's words and are emptied by an erasure.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="completions", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="+", db_index=False)
    judgment = models.OneToOneField(Judgment, null=True, on_delete=models.PROTECT, related_name="completion")
    request_key = models.UUIDField(null=True, help_text="first 16 bytes of the SHA-256 of all that was asked")
    is_cached = models.BooleanField(default=False, db_default=False, help_text="an earlier answer, used again unpaid")
    raw_text = models.TextField(blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=1)
    error_kind = models.CharField(max_length=24, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # how often a case was tried in vain (llm_judge.actions.batches)
            models.Index(fields=["case", "rater"], condition=Q(judgment__isnull=True), name="completion_failed_tries"),
            # the same question is never paid twice (llm_judge.actions.cache)
            models.Index(
                fields=["request_key", "rater"],
                condition=Q(judgment__isnull=False, error_kind="", is_cached=False),
                name="completion_request",
            ),
            # errors of a run by kind, with examples (views.runs)
            models.Index(fields=["run", "error_kind"], condition=~Q(error_kind=""), name="completion_errors"),
        ]
