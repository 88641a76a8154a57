"""API tokens: made once, shown once, kept as a hash, and no good any more when they expire or somebody revokes them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from judge.actions import events
from judge.errors import InputError
from judge.models import ApiToken, ApiUse, Membership, Project, User

MARK = "cojudge"
LONGEST_DAYS = 366
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Made:
    """A new token and its secret, which nobody can ask for again."""

    token: ApiToken
    secret: str


class NotAccepted(Exception):
    """A secret opens nothing; the text says why, to whoever holds it."""


@transaction.atomic
def make(project: Project, person: User, *, name: str, scopes: Collection[str], days: int, by: User | None) -> Made:
    """A token that opens ``project`` in the name of ``person`` for ``days``. Raises InputError for what cannot be."""
    _check(project, person, name, scopes, days)
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        project=project, person=person, name=name.strip(), prefix=prefix, digest=digest(secret),
        scopes=sorted({*scopes}), expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    ApiUse.objects.create(token=token)
    events.note(
        project, "api token made", by=by, subject=f"api_token:{token.pk}", person=person.pk, scopes=token.scopes
    )
    return Made(token, f"{MARK}_{prefix}_{secret}")


@transaction.atomic
def revoke(token: ApiToken, *, by: User | None) -> bool:
    """From now on it opens nothing; False where somebody did so already."""
    found = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
    if found:
        events.note(token.project, "api token revoked", by=by, subject=f"api_token:{token.pk}")
    return bool(found)


def find(told: str) -> ApiToken:
    """The token of a secret. Raises NotAccepted, in the same time whatever is wrong with it."""
    mark, _sep, rest = told.partition("_")
    prefix, _sep, secret = rest.partition("_")
    token = None
    if mark == MARK and len(prefix) == 8 and prefix.isascii() and prefix.isalnum():
        token = ApiToken.objects.select_related("project", "person").filter(prefix=prefix).first()
    if not hmac.compare_digest(digest(secret), token.digest if token else digest("")) or token is None:
        raise NotAccepted(_("this token is not known here"))
    if why := why_not(token):
        raise NotAccepted(why)
    return token


def why_not(token: ApiToken, at: datetime | None = None) -> str:
    """Why it opens nothing any more; empty where it does."""
    if token.revoked_at is not None:
        return _("this token was revoked")
    if token.expires_at <= (at or timezone.now()):
        return _("this token has expired")
    if not token.person.is_active:
        return _("the account of this token is closed")
    return ""


def digest(secret: str) -> str:
    """A plain SHA-256 is enough: nobody guesses 256 random bits, so there is nothing to slow down."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _check(project: Project, person: User, name: str, scopes: Collection[str], days: int) -> None:
    known = ApiToken.Scope.values
    if not name.strip() or len(name) > 80:
        raise InputError(_("a token needs a name"), expected=_("1 to 80 characters"))
    if not scopes or not {*scopes} <= {*known}:
        raise InputError(_("these are no scopes of a token"), expected=", ".join(known))
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(_("a token cannot last so long"), expected=_("1 to %(days)d days") % {"days": LONGEST_DAYS})
    if not person.is_superuser and not Membership.objects.filter(project=project, user=person).exists():
        raise InputError(
            _("%(name)s is no member of %(project)s") % {"name": person.get_username(), "project": project.slug},
            next_step=_("Add them to the project first."),
        )
