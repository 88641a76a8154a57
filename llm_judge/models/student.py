from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models import Judge, Project, Rater
from judge.models.append_only import AppendOnly


class StudentHead(AppendOnly):
    """What a student has learned in one fit: weights for each criterion, how good they were out of fold, from what.

    No word of any item stands in it: the weights apply to embeddings.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="student_heads")
    rater = models.OneToOneField(Rater, on_delete=models.PROTECT, related_name="student_head")
    judge = models.OneToOneField(Judge, on_delete=models.PROTECT, related_name="student_head")
    size = models.PositiveIntegerField(help_text="the declared number of labels that was reached")
    n_labels = models.PositiveIntegerField(help_text="labels of people it learned from, all criteria together")
    content = models.JSONField(help_text="criterion hash → weights; features, prefix and dimension of the embeddings")
    content_hash = models.CharField(max_length=64, unique=True)
    figures = models.JSONField(help_text="criterion key → labels, AUROC out of fold with its interval; train only")
    out_of_fold = models.JSONField(help_text="case id → probabilities by weights that saw nothing of its context")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(n_labels__gt=0), name="student_head_learned_something")]
        indexes = [
            # the latest fit of a project (llm_judge.actions.students)
            models.Index(fields=["project", "-id"], name="student_head_latest"),
        ]
