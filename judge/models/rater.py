from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.append_only import AppendOnly
from judge.models.project import Project


class Rater(models.Model):
    """One person, or one exact machine configuration. Imported raters have an origin and no configuration."""

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        MACHINE = "machine", "machine"

    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=200)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="rater"
    )
    configuration = models.JSONField(null=True, blank=True, help_text="model, revision, prompt, decoding, …")
    configuration_hash = models.CharField(max_length=64, blank=True, default="")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="raters")
    origin = models.CharField(max_length=200, blank=True, default="", help_text="where imported answers came from")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["configuration_hash"], condition=~Q(configuration_hash=""), name="rater_configuration_once"
            ),
            models.UniqueConstraint(
                fields=["project", "kind", "origin", "name"], condition=~Q(origin=""), name="rater_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="person", configuration__isnull=True) | Q(kind="machine", user__isnull=True),
                name="rater_is_person_or_machine",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Judge(AppendOnly):
    """An immutable version of machine raters + features + calibrator. Candidates compete; one is in force."""

    class Kind(models.TextChoices):
        SINGLE = "single", "single model"
        PANEL = "panel", "panel"
        STUDENT = "student", "student"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="judges")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SINGLE)
    features = models.JSONField(default=list)
    calibrator = models.JSONField(default=dict, help_text='{"kind": "identity"} until one is fitted')
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="judge_version_once"),
            models.UniqueConstraint(fields=["project", "content_hash"], name="judge_content_once"),
        ]

    def __str__(self) -> str:
        return self.name


class JudgeRater(AppendOnly):
    """A machine rater's seat in a judge."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="seats")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="seats")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "rater of a judge"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["judge", "rater"], name="judge_rater_once")]
