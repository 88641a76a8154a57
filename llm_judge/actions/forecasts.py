"""What a run will take, said before it starts: calls, tokens, money, time, and what the guess rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from statistics import fmean
from typing import Any

from django.db.models import QuerySet

from judge.models import Case, Judge, Project, Rater
from llm_judge.actions import cases, raters
from llm_judge.models import Completion, Run
from llm_judge.rules.budget import Price
from llm_judge.rules.lengths import guess_tokens
from llm_judge.rules.scoring import foresee_calls

#: Cases whose prompts are written to guess the tokens, drawn at random from the plan.
SAMPLE = 40
#: The latest completions that are looked at for what this rater needed before; so many of its own are enough.
LATEST, ENOUGH = 2_000, 30


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected totals of a run over ``n_cases`` cases and all raters of its judge; ``seconds`` None: nobody knows yet.

    ``dearest_tokens`` and ``dearest_cost`` are the most that one case of the sample needs. ``basis``: ``answers`` where
    earlier answers of the same raters were at hand, else ``prompts``, counted at about four characters a token.
    """

    n_cases: int
    n_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    seconds: float | None = None
    dearest_tokens: int = 0
    dearest_cost: float = 0.0
    basis: str = "prompts"

    def as_record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Usage:
    """Per case: calls, prompt tokens, written tokens."""

    calls: list[int] = field(default_factory=list)
    prompt: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    is_answered: bool = False


def forecast(
    project: Project, judge: Judge, planned: QuerySet[Case], n_answers: Sequence[tuple[Rater, int]]
) -> Forecast:
    """The forecast of a plan: ``n_answers`` says how many answers each rater still owes."""
    total = Forecast(n_cases=max((n for _, n in n_answers), default=0), basis="answers")
    for rater, n in n_answers:
        total = _add(total, _usage(project, rater, planned), n, raters.price_of(rater)) if n else total
    return _timed(total, judge, sum(n for _, n in n_answers))


def _usage(project: Project, rater: Rater, planned: QuerySet[Case]) -> _Usage:
    """Calls by the prompts; tokens by earlier answers of this rater if there are enough."""
    usage = _Usage()
    owed = cases.without_vote(planned, [rater]).order_by("queue_order")  # a random order
    ids = list(owed.values_list("pk", flat=True)[:SAMPLE])
    configuration = raters.configuration_of(rater)
    for case in cases.load(project, ids, rater):
        requests = foresee_calls(case, configuration)
        texts = [
            chain([request.prompt, request.forced], (each.content for each in request.messages)) for request in requests
        ]
        usage.calls.append(len(requests))
        usage.prompt.append(sum(guess_tokens("".join(text)) for text in texts))
        usage.written.append(sum(request.max_tokens for request in requests))
    earlier = _earlier(rater)
    if len(earlier) >= ENOUGH:
        usage.prompt, usage.written, usage.is_answered = [p for p, _ in earlier], [c for _, c in earlier], True
    return usage


def _earlier(rater: Rater) -> list[tuple[int, int]]:
    latest = Completion.objects.order_by("-pk").values_list(
        "rater_id", "prompt_tokens", "completion_tokens", "judgment_id", "is_cached"
    )
    return [
        (prompt, written)
        for rater_id, prompt, written, judgment_id, is_cached in latest[:LATEST]
        if rater_id == rater.pk and judgment_id and not is_cached and prompt
    ]


def _add(total: Forecast, usage: _Usage, n: int, price: Price) -> Forecast:
    if not usage.calls:
        return total
    prompt, written = fmean(usage.prompt), fmean(usage.written)
    dearest = max(p + w for p, w in zip(usage.prompt, usage.written, strict=True))
    return Forecast(
        n_cases=total.n_cases,
        n_calls=total.n_calls + round(n * fmean(usage.calls)),
        prompt_tokens=total.prompt_tokens + round(n * prompt),
        completion_tokens=total.completion_tokens + round(n * written),
        cost=total.cost + n * price.cost(1, 0) * prompt + n * price.cost(0, 1) * written,
        dearest_tokens=max(total.dearest_tokens, dearest),
        dearest_cost=max(total.dearest_cost, price.cost(max(usage.prompt), max(usage.written))),
        basis=total.basis if usage.is_answered else "prompts",
    )


def _timed(total: Forecast, judge: Judge, n_answers: int) -> Forecast:
    """Time at the rate of the judge's last run that had some length; None without one."""
    last = Run.objects.filter(judge=judge, n_done__gte=ENOUGH).order_by("-pk").first()
    rate = last.per_minute if last else None
    seconds = 60 * n_answers / rate if rate else None
    return Forecast(**{**total.as_record(), "seconds": seconds})
