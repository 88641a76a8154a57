"""From a backend's answers to rows: judgments through the door, and beside each what its calls cost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from judge.actions import bulk, judgments
from judge.actions.judgments import NewJudgment
from judge.models import Rater
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Run
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

INSERT_COMPLETIONS = """
INSERT INTO llm_judge_completion (run_id, rater_id, case_id, judgment_id, request_key, is_cached, raw_text,
                                  prompt_tokens, completion_tokens, latency_ms, attempts, error_kind, detail)
SELECT %(run)s, %(rater)s, case_id, judgment_id, request_key, %(is_cached)s, coalesce(raw_text, ''),
       coalesce(prompt_tokens, 0), coalesce(completion_tokens, 0), coalesce(latency_ms, 0), coalesce(attempts, 0),
       coalesce(error_kind, ''), coalesce(detail, '')
FROM json_to_recordset(%(rows)s) AS new (
    case_id bigint, judgment_id bigint, request_key uuid, raw_text text, prompt_tokens int, completion_tokens int,
    latency_ms int, attempts int, error_kind text, detail text)
"""

type Keys = Mapping[int, uuid.UUID]
type Row = dict[str, Any]
NO_KEYS: Keys = {}
FREE = Price()


@dataclass(frozen=True, slots=True)
class Written:
    """``n_new`` judgments that were not there before, ``n_unscored`` of them without a label."""

    n_new: int
    n_unscored: int


def is_servers_fault(answer: CaseAnswer) -> bool:
    return isinstance(answer.answer, Unscored) and answer.answer.reason in SERVERS_FAULT


def is_keys_fault(answer: CaseAnswer) -> bool:
    """The server lives and knows us not: no case is the reason."""
    return isinstance(answer.answer, Unscored) and answer.answer.reason is UnscoredReason.UNAUTHORIZED


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
    ids = judgments.record([judgment(each) for each in answered], rater=rater).ids
    rows = [completion(each, ids, keys) for each in answered]
    fresh = [row for row in rows if row["judgment_id"] is not None]
    _insert(run, rater, fresh)
    written = Written(len(fresh), sum(bool(row["error_kind"]) for row in fresh))
    # Last, so that workers that write at the same time hold each other up as briefly as can be.
    Run.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + written.n_new,
        n_unscored=F("n_unscored") + written.n_unscored,
        progressed_at=Now(),
        **_spending(rows, price),
    )
    return written


@transaction.atomic
def write_again(run: Run, rater: Rater, known: Sequence[NewJudgment]) -> Written:
    """Record answers that equal questions got before: nothing was asked, nothing is paid."""
    ids = judgments.record(known, rater=rater).ids
    rows = [{"case_id": case_id, "judgment_id": judgment_id} for case_id, judgment_id in ids.items()]
    _insert(run, rater, rows, is_cached=True)
    Run.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + len(ids), n_cached=F("n_cached") + len(ids), progressed_at=Now()
    )
    return Written(len(ids), 0)


@transaction.atomic
def note_failures(run: Run, rater: Rater, failed: Sequence[CaseAnswer], *, price: Price = FREE) -> None:
    """Keep tries that failed for the server's sake. Their cases stay unjudged; nothing of it is silent."""
    rows = [completion(each, {}, NO_KEYS) for each in failed]
    _insert(run, rater, rows)
    Run.objects.filter(pk=run.pk).update(**_spending(rows, price))


def _insert(run: Run, rater: Rater, rows: Sequence[Row], *, is_cached: bool = False) -> None:
    bulk.insert(INSERT_COMPLETIONS, rows, run=run.pk, rater=rater.pk, is_cached=is_cached)


def _spending(rows: Sequence[Row], price: Price) -> dict[str, Any]:
    """Paid is what was asked, also where another worker's answer came first."""
    prompt, written = sum(row["prompt_tokens"] for row in rows), sum(row["completion_tokens"] for row in rows)
    return {
        "prompt_tokens": F("prompt_tokens") + prompt,
        "completion_tokens": F("completion_tokens") + written,
        "cost": F("cost") + price.cost(prompt, written),
    }


def judgment(answer: CaseAnswer) -> NewJudgment:
    """What the door takes."""
    case_id, took, said = int(answer.case_id), round(answer.latency_ms), answer.answer
    if isinstance(said, Unscored):
        return NewJudgment(case_id, unscored_reason=said.reason.value, duration_ms=took)
    return NewJudgment(
        case_id,
        said.label,
        probs=said.probs,
        outside_mass=said.outside_mass,
        by_order=said.by_order,
        rationale=storable(said.rationale),
        duration_ms=took,
    )


def completion(answer: CaseAnswer, ids: Mapping[int, int], keys: Keys) -> Row:
    """What ``INSERT_COMPLETIONS`` takes; ``ids``: case id → id of the judgment that this answer became."""
    case_id, unscored = int(answer.case_id), answer.answer if isinstance(answer.answer, Unscored) else None
    replies = [reply for reply in answer.replies if isinstance(reply, CompletionResult)]
    return {
        "case_id": case_id,
        "judgment_id": ids.get(case_id),
        "request_key": keys.get(case_id),
        "raw_text": storable("\n".join([reply.text for reply in replies])),
        "prompt_tokens": sum([reply.prompt_tokens for reply in replies]),
        "completion_tokens": sum([reply.completion_tokens for reply in replies]),
        "latency_ms": round(answer.latency_ms),
        "attempts": max([reply.attempts for reply in answer.replies], default=0),
        "error_kind": unscored.reason.value if unscored else "",
        "detail": storable(unscored.detail) if unscored else "",
    }


def storable(text: str) -> str:
    """Text that Postgres takes: no zero character, no half of a surrogate pair, no megabytes.

    >>> storable("a\\0b")
    'a\ufffdb'
    """
    return text[:LONGEST].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
