from __future__ import annotations

from django.db import models
from django.db.models import Q

from judge.models import Rater


class Endpoint(models.Model):
    """Where machine raters are asked. The key itself lives in the environment; here stands the variable's name."""

    class Kind(models.TextChoices):
        OPENAI = "openai", "OpenAI-compatible server"
        EMBEDDED = "embedded", "embedded model"
        SCRIPTED = "scripted", "scripted answers"
        OFFLINE = "offline", "vLLM without a server"
        VECTORS = "vectors", "embeddings server"

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    base_url = models.CharField(max_length=300, blank=True, default="", help_text="empty: found when it is needed")
    model = models.CharField(max_length=200, blank=True, default="")
    api_key_variable = models.CharField(
        max_length=80, blank=True, default="", help_text="name of the environment variable that holds the key"
    )
    is_trusted = models.BooleanField(
        default=False, db_default=False, help_text="an admin named its address: it may lie inside this network"
    )
    max_in_flight = models.PositiveSmallIntegerField(default=32)
    weight = models.FloatField(default=1.0, db_default=1.0, help_text="share of the calls, where a rater has several")
    price_in = models.FloatField(default=0.0, db_default=0.0, help_text="for a million prompt tokens")
    price_out = models.FloatField(default=0.0, db_default=0.0, help_text="for a million written tokens")
    timeout_s = models.FloatField(default=60.0, help_text="for one call")
    options = models.JSONField(default=dict, blank=True, help_text="scripted: latency_s, seed, fail_share")
    raters = models.ManyToManyField(Rater, blank=True, related_name="endpoints", help_text="who is asked here")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_in_flight__gte=1, timeout_s__gt=0, weight__gt=0, price_in__gte=0, price_out__gte=0),
                name="endpoint_bounds",
            ),
            models.CheckConstraint(
                condition=Q(api_key_variable="") | Q(api_key_variable__regex=r"^[A-Z_][A-Z0-9_]*$"),
                name="endpoint_key_is_a_variable_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name
