"""Webhooks: addresses that are told what happens in a project. What they are told is written by Postgres itself, in the
transaction that it tells of (migration 0012_api); judge.actions.deliveries sends it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from judge.actions import events
from judge.errors import InputError
from judge.models import Delivery, Project, User, Webhook
from judge.rules.addresses import check_public_host
from judge.services.secrets import hide, reveal

MARK = "whsec"
MOST = 10


@dataclass(frozen=True, slots=True)
class MadeHook:
    """A new webhook and the secret that signs what it is sent; shown once."""

    webhook: Webhook
    secret: str


@transaction.atomic
def make(project: Project, url: str, *, kinds: Collection[str], by: User | None) -> MadeHook:
    """Have ``url`` told of ``kinds``. One that is not named by a site admin must be public. Raises InputError."""
    is_trusted = by is None or by.is_superuser
    check(url, is_trusted=is_trusted)
    if not kinds or not {*kinds} <= {*Webhook.Kind.values}:
        raise InputError(_("these are no events of a webhook"), expected=", ".join(Webhook.Kind.values))
    if Webhook.objects.filter(project=project).count() >= MOST:
        raise InputError(_("this project has %(n)d webhooks") % {"n": MOST}, next_step=_("Remove one first."))
    secret = f"{MARK}_{secrets.token_urlsafe(32)}"
    webhook = Webhook.objects.create(
        project=project, url=url, kinds=sorted({*kinds}), secret=hide(secret), is_trusted=is_trusted, by=by
    )
    told = {"host": urlsplit(url).hostname or "", "kinds": webhook.kinds}
    events.note(project, "webhook made", by=by, subject=f"webhook:{webhook.pk}", **told)
    return MadeHook(webhook, secret)


@transaction.atomic
def remove(webhook: Webhook, *, by: User | None) -> None:
    """It is told nothing any more; what waits for it is dropped."""
    events.note(webhook.project, "webhook removed", by=by, subject=f"webhook:{webhook.pk}")
    webhook.delete()


def check(url: str, *, is_trusted: bool) -> None:
    """Raise InputError for what is no plain http(s) address, or one that leads inside a network."""
    expected = _("https://host/path, without user, password or fragment")
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment
        has_login, _port = parts.username or parts.password, parts.port
    except ValueError:
        raise InputError(_("this address cannot be read"), expected=expected) from None
    if not is_fit or has_login or len(url) > 500 or not url.isascii() or not url.isprintable() or " " in url:
        raise InputError(_("this is no address of a webhook"), expected=expected)
    if not is_trusted:
        check_public_host(parts.hostname or "")


def body_of(delivery: Delivery) -> bytes:
    """The bytes that are sent and signed: the same at every try."""
    told = {
        "id": str(delivery.key), "kind": delivery.kind, "project": delivery.webhook.project.slug,
        "at": delivery.created_at.astimezone(UTC).isoformat(timespec="milliseconds"), "data": delivery.data,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(webhook: Webhook, body: bytes, *, at: int) -> str:
    """``t=<seconds>,v1=<hex>``: HMAC-SHA256 of ``<seconds>.<body>``, so that an old message cannot pass for a new."""
    seen = hmac.new(reveal(webhook.secret).encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={seen.hexdigest()}"
