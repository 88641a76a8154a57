"""Requests that come again with the same idempotency key are answered as before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from ninja import Schema
from ninja.responses import Status

from judge.actions import idempotency
from judge.api.doors import ApiRequest
from judge.errors import InputError

LONGEST_KEY = 200
#: What an operation did: a status and what is told of it.
type Done = tuple[int, Schema]


def once(request: ApiRequest, body_hash: str, do: Callable[[], Done]) -> Status[Any]:
    """What ``do`` answers; where the request carries a key that was used for the same, what it answered then."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return _status(*do())
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        expected = _("up to %(n)d characters of ASCII") % {"n": LONGEST_KEY}
        raise InputError(_("this is no idempotency key"), where="Idempotency-Key", expected=expected)
    claimed = idempotency.claim(request.auth, key, _hash(request, body_hash))
    if claimed.row_id is None:
        return Status(claimed.status, claimed.body)
    try:
        status, told = do()
    except BaseException:
        idempotency.let_go(claimed.row_id)
        raise
    idempotency.keep(claimed.row_id, status, told.model_dump(mode="json"))
    return _status(status, told)


def _status(status: int, told: Schema) -> Status[Any]:
    return Status(status, told)


def _hash(request: ApiRequest, body_hash: str) -> str:
    asked = f"{request.method} {request.get_full_path()} {body_hash}"
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
