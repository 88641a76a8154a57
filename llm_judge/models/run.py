from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from judge.models import Judge, Project
from llm_judge.rules.budget import Caps

#: Without progress for so long a run is nobody's: it may be sent to the workers again, or replaced.
SILENCE = timedelta(seconds=90)


class Run(models.Model):
    """One judge over a frozen plan of cases. What is left is counted from votes; the columns only show progress.

    Progress is counted in answers: a panel of three owes three for each case.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped at a cap")

    class Place(models.TextChoices):
        QUEUE = "queue", _("background workers")
        COMMAND = "command", _("a command")
        FILES = "files", _("files, judged elsewhere")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="runs")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=8, choices=Place)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    plan = models.JSONField(help_text="bound: the last case id; criteria: ids")
    n_planned = models.PositiveIntegerField()
    n_done = models.PositiveIntegerField(default=0)
    n_unscored = models.PositiveIntegerField(default=0)
    n_cached = models.PositiveIntegerField(default=0, db_default=0, help_text="answered by an earlier, equal question")
    prompt_tokens = models.BigIntegerField(default=0, db_default=0)
    completion_tokens = models.BigIntegerField(default=0, db_default=0)
    cost = models.FloatField(default=0.0, db_default=0.0, help_text="by the prices of the endpoints, as calls are paid")
    forecast = models.JSONField(default=dict, db_default={}, help_text="calls, tokens, cost and seconds expected")
    max_tokens = models.BigIntegerField(null=True, help_text="the run stops before it spends more")
    max_cost = models.FloatField(null=True)
    max_minutes = models.FloatField(null=True)
    trouble = models.TextField(blank=True, default="", help_text="why the judge cannot be asked, while it cannot")
    trouble_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    progressed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judge"], condition=Q(status__in=["queued", "running", "paused"]), name="run_one_live_per_judge"
            ),
            models.CheckConstraint(
                condition=(Q(max_tokens=None) | Q(max_tokens__gt=0))
                & (Q(max_cost=None) | Q(max_cost__gt=0))
                & (Q(max_minutes=None) | Q(max_minutes__gt=0)),
                name="run_caps_allow_something",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "paused"], finished_at__isnull=True)
                | Q(status__in=["cancelled", "done", "failed", "stopped"], finished_at__isnull=False),
                name="run_ended_has_time",
            ),
        ]

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def caps(self) -> Caps:
        return Caps(self.max_tokens, self.max_cost, self.max_minutes)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def share_done(self) -> float:
        return min(1.0, self.n_done / self.n_planned) if self.n_planned else 1.0

    @property
    def per_minute(self) -> float | None:
        """Answers per minute so far; None before there is anything to go by."""
        until = self.finished_at or self.progressed_at
        if not (self.started_at and until and self.n_done) or until <= self.started_at:
            return None
        return 60 * self.n_done / (until - self.started_at).total_seconds()

    @property
    def minutes_left(self) -> float | None:
        """At the rate so far; None before there is one, and after the end."""
        rate = self.per_minute if self.is_live else None
        return max(0, self.n_planned - self.n_done) / rate if rate else None

    @property
    def is_silent(self) -> bool:
        """Nobody has worked on it for a while: a worker is missing, busy elsewhere, or waits for the judge."""
        last = self.progressed_at or self.created_at
        return self.is_live and self.status != self.Status.PAUSED and timezone.now() - last > SILENCE


LIVE = (Run.Status.QUEUED, Run.Status.RUNNING, Run.Status.PAUSED)


class Heartbeat(models.Model):
    """When a periodic task last ran: how the doctor knows that beat and a worker are alive."""

    name = models.CharField(max_length=60, unique=True)
    beaten_at = models.DateTimeField()
