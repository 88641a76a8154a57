from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from judge.models import Case, Project


class FirstThought(models.Model):
    """What an adjudicator would have decided before they saw the judge's view; what they decided is a judgment."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="first_thoughts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    label = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
