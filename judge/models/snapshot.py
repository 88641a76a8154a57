from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.policy import Policy
from judge.models.project import Project
from judge.models.rater import Judge
from judge.models.rubric import GeneratorTemplate, Rubric


class Snapshot(AppendOnly):
    """An export that can be made again to the byte: what it took, under which versions, and what came of it.

    ``seen`` says which rows of growing tables the export saw: table → the newest id, and the ids below it that were
    not there yet. ``files``: name, split, rows, bytes, sha256.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="snapshots")
    format = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    dialect = models.CharField(max_length=20, blank=True, default="")
    variant = models.CharField(max_length=20, blank=True, default="")
    filters = models.JSONField(default=dict)
    split = models.JSONField(null=True, help_text="names and shares; none: one file")
    sees_certify = models.BooleanField()
    since = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    rubric = models.ForeignKey(Rubric, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    judge = models.ForeignKey(Judge, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    generator_template = models.ForeignKey(
        GeneratorTemplate, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    seen = models.JSONField()
    n_labels = models.PositiveBigIntegerField()
    n_rows = models.PositiveBigIntegerField()
    files = models.JSONField()
    manifest = models.JSONField(help_text="what manifest.json says of it")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)


class SnapshotPart(AppendOnly):
    """Some thousands of a snapshot's labels, in order: a million ids in one row would have to be read at once."""

    SIZE: ClassVar[int] = 10_000

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="parts", db_index=False)
    position = models.PositiveIntegerField()
    label_ids = ArrayField(models.BigIntegerField())
    reserved_ids = ArrayField(models.BigIntegerField(), help_text="of them, those that no training format may use")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "position"], name="snapshot_part_once")]


class ExportJob(models.Model):
    """An export that somebody asked for on the page: a worker makes it, its files wait for a while to be fetched.

    ``order`` says what to make, in the words of the form.
    """

    class State(models.TextChoices):
        ASKED = "asked", "asked"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    key = models.UUIDField(unique=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="export_jobs")
    order = models.JSONField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    n_rows = models.PositiveBigIntegerField(default=0, help_text="written so far")
    n_labels = models.PositiveBigIntegerField(default=0, help_text="chosen; known once it runs")
    why = models.TextField(blank=True, default="", help_text="what stopped it, in words")
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now())
