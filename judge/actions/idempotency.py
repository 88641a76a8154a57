"""Idempotency keys: a request that comes again, because its answer was lost, is answered again and not done again.

The reply is kept beside a hash of what was asked. The key is claimed before the work begins, in a transaction of its
own: of two that come at once, one works and the other is told to wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from judge.actions import bulk
from judge.errors import CojudgeError, InputError
from judge.models import ApiReply, ApiToken

#: Replies are kept for so long.
KEPT = timedelta(days=2)
#: Whoever claimed a key and gave no answer for so long has died: the next one takes it over.
PATIENCE = timedelta(minutes=15)

CLAIM = """
INSERT INTO judge_apireply AS r (token_id, key, request_hash, created_at)
VALUES (%(token)s, %(key)s, %(hash)s, statement_timestamp())
ON CONFLICT (token_id, key) DO UPDATE SET created_at = statement_timestamp(), request_hash = excluded.request_hash
    WHERE r.status IS NULL AND r.created_at < statement_timestamp() - %(patience)s
RETURNING id
"""


class StillAtWork(CojudgeError):
    """The same request is being worked on at this moment."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is ours to answer, or the answer that was given before."""

    row_id: int | None
    status: int = 0
    body: Any = None


def claim(token: ApiToken, key: str, request_hash: str) -> Claim:
    """Take the key, or give the answer of before. Raises InputError where it stood for another request, StillAtWork
    where that one has no answer yet."""
    taken = bulk.execute(CLAIM, token=token.pk, key=key, hash=request_hash, patience=PATIENCE)
    if taken:
        return Claim(taken[0][0])
    known = ApiReply.objects.get(token=token, key=key)
    if known.request_hash != request_hash:
        raise another()
    if known.status is None:
        raise StillAtWork(_("the same request is being worked on; ask again in a moment"))
    return Claim(None, known.status, known.body)


def keep(row_id: int, status: int, body: Any, *, request_hash: str = "") -> None:
    """What was answered. ``request_hash``: where it is known only now."""
    columns = {"status": status, "body": body} | ({"request_hash": request_hash} if request_hash else {})
    ApiReply.objects.filter(pk=row_id).update(**columns)


def let_go(row_id: int) -> None:
    """Nothing was done: the key may be used again."""
    ApiReply.objects.filter(pk=row_id, status=None).delete()


def forget_old() -> int:
    return ApiReply.objects.filter(created_at__lt=Now() - KEPT).delete()[0]


def another() -> InputError:
    return InputError(
        _("this idempotency key stood for another request"),
        where="Idempotency-Key", expected=_("a new key for each request, the same key only to repeat one"),
    )  # fmt: skip
