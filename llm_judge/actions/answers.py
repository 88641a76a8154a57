"""From a backend's answers to rows: judgments through the door, and beside each what its calls cost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from judge.actions import judgments
from judge.actions.judgments import NewJudgment
from judge.models import Judgment, Rater
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Completion, Run
from llm_judge.rules.budget import Price
from llm_judge.rules.records import CompletionResult, Unscored, UnscoredReason

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


type Keys = Mapping[int, uuid.UUID]
NO_KEYS: Keys = {}
FREE = Price()


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
def write(
    run: Run, rater: Rater, answered: Sequence[CaseAnswer], *, keys: Keys = NO_KEYS, price: Price = FREE
) -> Written:
    """Record the answers, their costs and the run's progress in one transaction. Known answers are not new.

    ``keys``: what was asked, by case id, so that an equal question finds the answer (llm_judge.actions.cache).
    """
    recorded = judgments.record([judgment(each) for each in answered], rater=rater)
    rows = {row.case_id: row for row in recorded.judgments}
    fresh = [each for each in answered if int(each.case_id) in rows]
    Completion.objects.bulk_create(
        completion(each, run, rater, rows[int(each.case_id)], keys.get(int(each.case_id))) for each in fresh
    )
    written = Written(len(fresh), sum(row.label is None for row in rows.values()))
    # Last, so that workers that write at the same time hold each other up as briefly as can be.
    Run.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + written.n_new,
        n_unscored=F("n_unscored") + written.n_unscored,
        progressed_at=Now(),
        **_spending(answered, price),
    )
    return written


@transaction.atomic
def write_again(run: Run, rater: Rater, known: Sequence[NewJudgment]) -> Written:
    """Record answers that equal questions got before: nothing was asked, nothing is paid."""
    recorded = judgments.record(known, rater=rater)
    Completion.objects.bulk_create(
        Completion(run=run, case_id=row.case_id, rater=rater, judgment=row, attempts=0, is_cached=True)
        for row in recorded.judgments
    )
    n_new = len(recorded.judgments)
    Run.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + n_new, n_cached=F("n_cached") + n_new, progressed_at=Now()
    )
    return Written(n_new, 0)


@transaction.atomic
def note_failures(run: Run, rater: Rater, failed: Sequence[CaseAnswer], *, price: Price = FREE) -> None:
    """Keep tries that failed for the server's sake. Their cases stay unjudged; nothing of it is silent."""
    Completion.objects.bulk_create(completion(each, run, rater, None) for each in failed)
    Run.objects.filter(pk=run.pk).update(**_spending(failed, price))


def _spending(answered: Sequence[CaseAnswer], price: Price) -> dict[str, Any]:
    """Paid is what was asked, also where another worker's answer came first."""
    prompt, written = sum(each.prompt_tokens for each in answered), sum(each.completion_tokens for each in answered)
    return {
        "prompt_tokens": F("prompt_tokens") + prompt,
        "completion_tokens": F("completion_tokens") + written,
        "cost": F("cost") + price.cost(prompt, written),
    }


def judgment(answer: CaseAnswer) -> NewJudgment:
    """What the door takes."""
    case_id, took = int(answer.case_id), round(answer.latency_ms)
    if isinstance(answer.answer, Unscored):
        return NewJudgment(case_id, unscored_reason=answer.answer.reason.value, duration_ms=took)
    scored = answer.answer
    return NewJudgment(case_id, scored.label, probs=scored.probs, outside_mass=scored.outside_mass, duration_ms=took)


def completion(
    answer: CaseAnswer, run: Run, rater: Rater, row: Judgment | None, key: uuid.UUID | None = None
) -> Completion:
    replies = [reply for reply in answer.replies if isinstance(reply, CompletionResult)]
    unscored = answer.answer if isinstance(answer.answer, Unscored) else None
    return Completion(
        run=run,
        case_id=int(answer.case_id),
        rater=rater,
        judgment=row,
        request_key=key,
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
