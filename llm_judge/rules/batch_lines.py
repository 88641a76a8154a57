"""Lines of OpenAI's batch files: requests as `vllm run-batch` and OpenAI's batch service take them, results as they
come back. Pure: one line in, one record or one InputError out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from judge.errors import InputError
from llm_judge.rules.parsing import read_reply
from llm_judge.rules.records import CompletionFailure, Reply, UnscoredReason

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
#: Characters of a rater's hash that a custom_id carries.
HASH_LENGTH = 16
_TICKET = re.compile(r"cojudge-([0-9a-f]{12})-([0-9a-f]{16})-([1-9][0-9]{0,17})-([0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a custom_id says: the export, the rater's hash (its beginning), the case, and which of its calls it is."""

    batch: str
    rater: str
    case_id: int
    place: int

    def __str__(self) -> str:
        return f"cojudge-{self.batch}-{self.rater}-{self.case_id}-{self.place}"


@dataclass(frozen=True, slots=True)
class Result:
    """One line that came back."""

    ticket: Ticket
    reply: Reply

    @property
    def is_answer(self) -> bool:
        return not isinstance(self.reply, CompletionFailure)


def write_line(ticket: Ticket, url: str, body: Mapping[str, Any]) -> bytes:
    """One request, with its newline."""
    record = {"custom_id": str(ticket), "method": "POST", "url": url, "body": body}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read_ticket(custom_id: object) -> Ticket:
    """The ticket of a custom_id.

    >>> read_ticket("cojudge-0123456789ab-0123456789abcdef-17-0").case_id
    17
    """
    found = _TICKET.fullmatch(custom_id) if isinstance(custom_id, str) else None
    if found is None:
        shown = repr(custom_id)[:80]
        raise InputError(f"the custom_id {shown} is not one of ours", expected="a result of --to-batch's requests")
    return Ticket(found[1], found[2], int(found[3]), int(found[4]))


def read_line(raw: bytes) -> Result:
    """One result. Raises InputError for a line that is broken or none of ours; a failed call is a result."""
    try:
        line = orjson.loads(raw)
    except ValueError:
        raise InputError("the line is no JSON: was it cut off?", expected="one JSON object a line") from None
    if not isinstance(line, dict):
        raise InputError("the line is JSON, but no object")
    if "response" not in line and "error" not in line:
        raise InputError("the line holds no response", expected="the files that come back, not the requests")
    return Result(read_ticket(line.get("custom_id")), _read_outcome(line))


def _read_outcome(line: Mapping[str, Any]) -> Reply:
    """A call that was never made (an expired batch) has an error and no response; a refused one has both."""
    response, error = line.get("response"), line.get("error")
    if isinstance(response, dict):
        status, body = response.get("status_code"), response.get("body")
        if not isinstance(status, int) or isinstance(status, bool):
            raise InputError("the response has no status_code")
        return read_reply(status, {}, orjson.dumps(error if body is None else body))
    if error:
        return read_reply(503, {}, orjson.dumps(error))
    return CompletionFailure(UnscoredReason.EMPTY_ANSWER, "the line holds neither a response nor an error")
