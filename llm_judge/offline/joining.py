"""From the results of single calls, in any order and perhaps not all there, to the answer of a case. No Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llm_judge.backends.judging import CaseAnswer
from llm_judge.offline.requests import Desk, check_reply
from llm_judge.rules.records import CompletionRequest, Reply
from llm_judge.rules.scoring import JudgeCase, conclude, next_calls


@dataclass(frozen=True, slots=True)
class Unfinished:
    """``replies``: those of the steps that are complete. ``is_next_unasked``: nothing of the next step came back, and
    it could not be written before: the calls of a second step quote what the first one said."""

    replies: tuple[Reply, ...]
    is_next_unasked: bool


def join(case: JudgeCase, desk: Desk, came: Mapping[int, Reply]) -> CaseAnswer | Unfinished:
    """The answer to a case from the replies that ``came``, by their place among its calls."""
    requests: tuple[CompletionRequest, ...] = ()
    replies: tuple[Reply, ...] = ()
    while calls := next_calls(case, desk.configuration, replies):
        found = {place: came[place] for place in range(len(replies), len(replies) + len(calls)) if place in came}
        if len(found) < len(calls):
            return Unfinished(replies, is_next_unasked=bool(replies) and not found)
        checked = (check_reply(call, reply, desk) for call, reply in zip(calls, found.values(), strict=True))
        requests, replies = requests + calls, (*replies, *checked)
    return CaseAnswer(case.case_id, conclude(case, desk.configuration, replies), requests, replies)
