"""What the log says: lines for people, or one JSON object a line, each with the request that it belongs to."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Request-ID"
#: An id that a proxy in front may bring: nothing that could end a line or hide in it.
READABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_request: ContextVar[str] = ContextVar("request", default="")
logger = logging.getLogger("judge.requests")


class OfRequest(logging.Filter):
    """Lets every record know its request; empty outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request.get()
        return True


class JsonLine(logging.Formatter):
    """One object: time, level, logger, message, request where there is one, what ``extra={"facts": …}`` adds, error."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if found := getattr(record, "request_id", ""):
            said["request"] = found
        said |= getattr(record, "facts", {})
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


class RequestIdMiddleware:
    """Gives each request an id, keeps that of a proxy in front, tells it in the answer and logs one line of it.

    The line has no query and no body: a person's words never reach the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        brought = request.headers.get(HEADER, "")
        token = _request.set(brought if READABLE.fullmatch(brought) else uuid.uuid4().hex)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            response[HEADER] = _request.get()
            _note(request, response, time.perf_counter() - began)
        finally:
            _request.reset(token)
        return response


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    user = getattr(request, "user", None)
    facts = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round(1000 * seconds, 1),
        "user": getattr(user, "pk", None),
    }
    logger.info("%s %s %s", request.method, request.path, response.status_code, extra={"facts": facts})
