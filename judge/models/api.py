"""What programs use: tokens that open the API, and webhooks that tell of what happened."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.project import Project


class ApiToken(models.Model):
    """Opens one project to a program, in the name of one person, for what its scopes say, until it expires.

    The secret itself is shown once; ``digest`` is its SHA-256. The person's roles limit it at each request.
    """

    class Scope(models.TextChoices):
        READ = "read", "read"
        PUSH = "push", "push"
        RUN = "run", "run"
        EXPORT = "export", "export"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_tokens")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8, unique=True, help_text="the part of the secret that is shown")
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope))
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="api_token_has_a_scope"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=["read", "push", "run", "export"]), name="api_token_scopes_are_known"
            ),
        ]


class ApiUse(models.Model):
    """How much of its allowance a token has used: one row that every web worker counts on.

    ``full_at``: the moment at which the whole allowance is there again. It is moved on by each request.
    """

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, related_name="use")
    full_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)


class ApiReply(models.Model):
    """What was answered to a request that came with an idempotency key; ``status`` is empty while it is at work."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="replies", db_index=False)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "api replies"
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="api_reply_once_per_key")]
        indexes = [models.Index(fields=["created_at"], name="api_reply_by_age")]  # judge.actions.idempotency forgets


class Webhook(models.Model):
    """An address that is told what happens in a project, by signed requests."""

    class Kind(models.TextChoices):
        LABEL_AGREED = "label.agreed", "label agreed"
        CERTIFICATE_CHANGED = "certificate.changed", "certificate changed"
        ALARM = "alarm", "alarm"
        EXPORT_READY = "export.ready", "export ready"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=20, choices=Kind))
    secret = models.TextField(help_text="encrypted: judge.services.secrets")
    is_trusted = models.BooleanField(default=False, help_text="a site admin named it: it may lie inside the network")
    is_on = models.BooleanField(default=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kinds__len__gt=0), name="webhook_has_a_kind")]


class Delivery(models.Model):
    """One message to one webhook: the outbox. Postgres writes it in the transaction that it tells of (migration
    0012), a worker sends it until it is taken. ``key`` is the same at every try, so that a receiver knows it again.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=20, choices=Webhook.Kind)
    data = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    next_try_at = models.DateTimeField(db_default=Now(), null=True, help_text="none: it was taken, or given up")
    n_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    delivered_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the last answer")
    trouble = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            # what a worker sends next: judge.actions.deliveries
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="delivery_due"),
            models.Index(fields=["created_at"], name="delivery_by_age"),  # judge.actions.deliveries forgets
        ]
