"""Bodies of any length in flat memory: they are laid down in a temporary file, counted and hashed on the way."""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from judge.api.problems import Refused
from judge.errors import InputError
from judge.formats.jsonl import read_jsonl
from judge.formats.rows import Rejected, Row
from judge.formats.streams import open_stream

CHUNK = 256 * 1024
IN_MEMORY = 1024 * 1024
MEGABYTE = 1024 * 1024
#: A packed body may grow to so many times the limit.
UNPACKED = 10
#: Seconds that a body may take, and bytes a second that buy it more: a slow sender holds a thread of the web server.
GRACE, SLOWEST = 30.0, 64 * 1024
LONGEST_OBJECT = 1024 * 1024
ENCODINGS = ("", "identity", "gzip")


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has come in whole."""

    file: BinaryIO
    sha256: str
    size: int

    def rows(self) -> Iterator[Row | Rejected]:
        """Its lines. Raises InputError where there are none."""
        stream, bound = open_stream(self.file, name=_("the body"), max_bytes=UNPACKED * limit_bytes())
        if not stream.peek(1):
            raise InputError(bound.damage or _("the body is empty"), expected=_("one JSON object a line"))
        yield from read_jsonl(stream, bound)


def limit_bytes() -> int:
    return int(settings.API_BODY_MB * MEGABYTE)


@contextmanager
def received(request: HttpRequest, *, most: int = 0) -> Iterator[Body]:
    """The body of a request. One that is too long is cut early: by what it says of itself, else at the limit."""
    most = most or limit_bytes()
    _check_headers(request, most)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        seen, size, deadline = hashlib.sha256(), 0, time.monotonic() + GRACE
        source = _source(request)
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            if time.monotonic() > deadline + size / SLOWEST:
                raise Refused(400, _("the body comes too slowly"), next_step=_("Send it in smaller parts."))
            seen.update(chunk)
            file.write(chunk)
        file.seek(0)
        yield Body(cast(BinaryIO, file), seen.hexdigest(), size)


def _check_headers(request: HttpRequest, most: int) -> None:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise Refused(415, _("a body cannot be encoded as this"), expected="gzip, identity")
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)


def _source(request: HttpRequest) -> Any:
    """Django reads no further than the length that was told, so a body in chunks is read from the server itself."""
    environ = getattr(request, "environ", {})
    is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if not request.META.get("CONTENT_LENGTH") and is_chunked:
        if not environ.get("wsgi.input_terminated"):
            raise Refused(411, _("the length of the body is not told"), expected="Content-Length")
        return environ.get("wsgi.input", io.BytesIO())
    return request


def _too_large(most: int) -> Refused:
    expected = _("at most %(n)d MB") % {"n": most // MEGABYTE}
    return Refused(413, _("the body is too large"), expected=expected, next_step=_("Send it in several parts."))
