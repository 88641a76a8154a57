"""The budget of a run as one batch sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.utils import timezone

from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Run
from llm_judge.rules.budget import Budget, Price


class Purse:
    """A run's budget as this batch sees it, and what calls cost."""

    def __init__(self, run: Run, price: Price) -> None:
        self.price = price
        ends_at = None
        if run.max_minutes is not None and run.started_at is not None:
            used = (timezone.now() - run.started_at).total_seconds()
            ends_at = time.monotonic() + 60 * run.max_minutes - used
        run.refresh_from_db(fields=["prompt_tokens", "completion_tokens", "cost"])
        self.budget = Budget(
            run.caps,
            ends_at=ends_at,
            spent_tokens=run.tokens,
            spent_cost=run.cost,
            dearest_tokens=run.forecast.get("dearest_tokens", 0),
            dearest_cost=run.forecast.get("dearest_cost", 0.0),
        )

    def settle(self, chunk: Sequence[CaseAnswer]) -> None:
        """Count what a chunk of answers cost."""
        tokens = [each.prompt_tokens + each.completion_tokens for each in chunk]
        costs = [self.price.cost(each.prompt_tokens, each.completion_tokens) for each in chunk]
        self.budget.settle(
            n_cases=len(chunk),
            tokens=sum(tokens),
            cost=sum(costs),
            dearest_tokens=max(tokens, default=0),
            dearest_cost=max(costs, default=0.0),
        )
