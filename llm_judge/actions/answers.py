"""From a backend's answers to rows: judgments through the door, and beside each what its calls cost."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from judge.actions import judgments
from judge.actions.judgments import NewJudgment
from judge.models import Judgment, Rater
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Completion, Run
from llm_judge.rules.records import CompletionRequest, CompletionResult, Unscored, UnscoredReason

#: How often a case may meet a failing server before it is set aside as unscored.
MAX_TRIES = 3

#: Characters of a model's words that are kept.
LONGEST = 20_000

#: Reasons that speak of the server, not of the case: another try may well succeed.
SERVERS_FAULT = frozenset(
    {
        UnscoredReason.UNREACHABLE,
        UnscoredReason.TIMEOUT,
        UnscoredReason.RATE_LIMITED,
        UnscoredReason.HTTP_ERROR,
        UnscoredReason.UNAUTHORIZED,
    }
)


@dataclass(frozen=True, slots=True)
class Written:
    """``n_new`` judgments that were not there before, ``n_unscored`` of them without a label."""

    n_new: int
    n_unscored: int


def is_servers_fault(answer: CaseAnswer) -> bool:
    return isinstance(answer.answer, Unscored) and answer.answer.reason in SERVERS_FAULT


def detail(answer: CaseAnswer) -> str:
    """The failure in words."""
    if not isinstance(answer.answer, Unscored):
        return ""
    return f"{answer.answer.reason.value.replace('_', ' ')}: {answer.answer.detail}"


@transaction.atomic
def write(run: Run, rater: Rater, answered: Sequence[CaseAnswer]) -> Written:
    """Record the answers, their costs and the run's progress in one transaction. Known answers are not new."""
    recorded = judgments.record([judgment(each) for each in answered], rater=rater)
    rows = {row.case_id: row for row in recorded.judgments}
    fresh = [each for each in answered if int(each.case_id) in rows]
    Completion.objects.bulk_create(completion(each, run, rater, rows[int(each.case_id)]) for each in fresh)
    written = Written(len(fresh), sum(row.label is None for row in rows.values()))
    # Last, so that workers that write at the same time hold each other up as briefly as can be.
    Run.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + written.n_new, n_unscored=F("n_unscored") + written.n_unscored, progressed_at=Now()
    )
    return written


def note_failures(run: Run, rater: Rater, failed: Iterable[CaseAnswer]) -> None:
    """Keep tries that failed for the server's sake. Their cases stay unjudged; nothing of it is silent."""
    Completion.objects.bulk_create(completion(each, run, rater, None) for each in failed)


def judgment(answer: CaseAnswer) -> NewJudgment:
    """What the door takes."""
    case_id, took = int(answer.case_id), round(answer.latency_ms)
    if isinstance(answer.answer, Unscored):
        return NewJudgment(case_id, unscored_reason=answer.answer.reason.value, duration_ms=took)
    scored = answer.answer
    return NewJudgment(case_id, scored.label, probs=scored.probs, outside_mass=scored.outside_mass, duration_ms=took)


def completion(answer: CaseAnswer, run: Run, rater: Rater, row: Judgment | None) -> Completion:
    replies = [reply for reply in answer.replies if isinstance(reply, CompletionResult)]
    unscored = answer.answer if isinstance(answer.answer, Unscored) else None
    return Completion(
        run=run,
        case_id=int(answer.case_id),
        rater=rater,
        judgment=row,
        request_key=request_key(answer.requests),
        raw_text=storable("\n".join(reply.text for reply in replies)),
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        latency_ms=round(answer.latency_ms),
        attempts=max((reply.attempts for reply in answer.replies), default=0),
        error_kind=unscored.reason.value if unscored else "",
        detail=storable(unscored.detail) if unscored else "",
    )


def storable(text: str) -> str:
    """Text that Postgres takes: no zero character, no half of a surrogate pair, no megabytes.

    >>> storable("a\\0b")
    'a\ufffdb'
    """
    return text[:LONGEST].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def request_key(requests: Sequence[CompletionRequest]) -> uuid.UUID:
    """What was asked, in 16 bytes: equal questions to one rater have equal keys."""
    asked = json.dumps([request.as_record() for request in requests], sort_keys=True, ensure_ascii=False)
    return uuid.UUID(bytes=hashlib.sha256(asked.encode(errors="replace")).digest()[:16])
