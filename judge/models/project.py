from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Task(models.TextChoices):
    INTEREST = "interest", "interest"
    TAG = "tag", "tag"
    EXPLANATION = "explanation", "explanation"
    EXPLANATION_V2 = "explanation-v2", "explanation-v2"
    PAIRWISE = "pairwise", "pairwise"
    CUSTOM = "custom", "custom"


class Project(models.Model):
    """One stream of work: a task, the rubric, policy and judge in force, and its members."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    task = models.CharField(max_length=20, choices=Task)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    keep_texts_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="after their import texts are erased; empty: kept until somebody erases them"
    )
    rubric = models.ForeignKey(
        "judge.Rubric", null=True, on_delete=models.PROTECT, related_name="+", help_text="the rubric in force"
    )
    policy = models.ForeignKey(
        "judge.Policy", null=True, on_delete=models.PROTECT, related_name="+", help_text="the policy in force"
    )
    judge = models.ForeignKey(
        "judge.Judge", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="the judge in force"
    )
    generator_template = models.ForeignKey(
        "judge.GeneratorTemplate", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ANNOTATOR = "annotator", "annotator"
    ADJUDICATOR = "adjudicator", "adjudicator"
    LEAD = "lead", "lead"
    TRAINER = "trainer", "trainer"
    VIEWER = "viewer", "viewer"


class Membership(models.Model):
    """One role of one person in one project; a person may hold several."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project", "role"], name="membership_once_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_is_known"),
        ]
