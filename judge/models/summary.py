from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from judge.models.project import Project


class Summary(models.Model):
    """Numbers that a page shows and a worker computed: rebuilt from the rows of record, never the truth itself.

    ``fitted_on`` says what it was computed from, so that nothing is computed twice.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="summaries")
    name = models.CharField(max_length=40)
    data = models.JSONField()
    fitted_on = models.CharField(max_length=200, blank=True, default="")
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "summaries"
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="summary_once_per_project_and_name")]


class Tally(models.Model):
    """Sums over rows that never change, up to an id below which none can still come to light (judge.actions.tallies).

    ``of`` says what is summed where a name is not enough, as the judge in force: sums of another begin anew.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    of = models.CharField(max_length=40, blank=True, default="")
    until = models.BigIntegerField(default=0)
    sums = models.JSONField(default=list, help_text="rows: the key, then how many")

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="tally_once_per_project_and_name")]
