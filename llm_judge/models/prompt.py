from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from judge.models import AppendOnly


class PromptTemplate(AppendOnly):
    """One version of a named prompt, known by its content. Another word makes another version."""

    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField()
    text = models.JSONField(help_text="texts by language, as llm_judge.rules.prompting writes them")
    content_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="prompt_version_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
