from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from judge.formats.questions import question_from_dict
from judge.models.append_only import AppendOnly
from judge.models.project import Project, Task
from judge.rules.scales import Question, ScaleKind


class Criterion(AppendOnly):
    """One question with its scale, guidance, examples and translations; known by its content.

    Two rubric versions that ask the same question link the same criterion, so its cases, labels and
    certificates stay.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="criteria")
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in ScaleKind])
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="criterion_content_once"),
        ]

    @property
    def question(self) -> Question:
        return question_from_dict(self.content)


class ScaleLabelRow(AppendOnly):
    """One label of a criterion's scale: what judgments and labels are checked against by foreign key."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="scale")
    key = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    passes = models.BooleanField(null=True)

    class Meta:
        db_table = "judge_scale_label"
        verbose_name = "scale label"
        constraints = [
            models.UniqueConstraint(fields=["criterion", "key"], name="scale_label_once"),
            models.UniqueConstraint(fields=["criterion", "position"], name="scale_position_once"),
        ]


class Rubric(AppendOnly):
    """An immutable version that links criteria in order."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rubrics")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    task = models.CharField(max_length=20, choices=Task)
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="rubric_version_once")]


class RubricCriterion(AppendOnly):
    """The place of a criterion in a rubric."""

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="links")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="links")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "criterion of a rubric"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "criterion"], name="rubric_criterion_once"),
            models.UniqueConstraint(fields=["rubric", "position"], name="rubric_position_once"),
        ]


class GeneratorTemplate(AppendOnly):
    """How a project renders a context into the generator's prompt, for training exports."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="generator_templates")
    version = models.PositiveIntegerField()
    system = models.TextField(blank=True, default="")
    user = models.TextField(help_text="text with {context} where the context goes")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="generator_template_version_once"),
        ]
