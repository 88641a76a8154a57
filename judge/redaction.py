"""What must not stand in a log: keys, tokens, passwords, session cookies. Every line passes here on its way out.

A line is looked at as it is written, so that messages, arguments, tracebacks and JSON are treated alike.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from functools import cache

HIDDEN = "***"
#: Values of these variables are secrets as a whole; of addresses the password is.
SECRET_NAMES = re.compile(r"(_KEY|_SECRET|_TOKEN|_PASSWORD)$|^COJUDGE_KEY_|^COJUDGE_SECRETS?_KEY$")
ADDRESS_NAMES = ("DATABASE_URL", "BROKER_URL", "COJUDGE_MAIL_URL", "JUDGE_URL", "EMBEDDINGS_URL")
#: Shorter values would hide ordinary words.
SHORTEST = 8

_NAME = r"(?:api[-_]?key|apikey|access[-_]?token|refresh[-_]?token|id[-_]?token|client[-_]?secret|secret|token|passw(?:or)?d|pwd|session(?:id)?(?:_\w+)?|csrf(?:middleware)?token(?:_\w+)?|signature)"  # noqa: E501
#: Each with one group that stays; what follows it is hidden.
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(\b(?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:(?:bearer|basic|token|digest)\s+)?)[^\s\"'\\,;}]+",
        r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"(\b(?:set-)?cookie\\?[\"']?\s*:\s*)[^\n\"']+",
        r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']*:)[^\s@/\"']+(?=@)",
        rf"(\b{_NAME}\\?[\"']?\s*[=:]\s*\\?[\"']?)[^\s\"'\\&,;}})]+",
        r"(/welcome/[^/\s]+/)[^/\s\"']+",
    )
)
#: Secrets that tell themselves: ours, and those of common services.
BARE = re.compile(r"\b(cojudge_[0-9a-f]{8}_|whsec_|sk-|fernet:)[A-Za-z0-9_=-]{12,}")


class RedactingHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error what :func:`redact` leaves."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def redact(text: str) -> str:
    """The text with secrets replaced by ``***``.

    >>> redact("GET http://ann:hunter2@one.example/?token=abc&page=2 Authorization: Bearer eyJhbGciOi")
    'GET http://ann:***@one.example/?token=***&page=2 Authorization: Bearer ***'
    """
    for secret in _known():
        text = text.replace(secret, HIDDEN)
    for pattern in PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return BARE.sub(rf"\1{HIDDEN}", text)


@cache
def _known() -> tuple[str, ...]:
    """Secrets of this process' environment, the longest first: one may hold another."""
    return tuple(sorted(set(_found()), key=len, reverse=True))


def _found() -> Iterator[str]:
    for name, value in os.environ.items():
        if SECRET_NAMES.search(name):
            yield from (part for part in re.split(r"[,\s]+", value) if len(part) >= SHORTEST)
        elif name in ADDRESS_NAMES and (match := re.search(r"://[^/@]*:([^/@]+)@|password=(\S+)", value)):
            password = match[1] or match[2]
            if len(password) >= SHORTEST:
                yield password
