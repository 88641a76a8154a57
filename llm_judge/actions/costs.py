"""What one case costs a judge: tokens, money and a model's time, as its paid answers took them."""

from __future__ import annotations

from django.db.models import Avg, Count

from judge.models import Judge, Rater
from judge.registry import CaseCost
from llm_judge.actions import raters
from llm_judge.models import Completion


def cost_of(judge: Judge) -> CaseCost | None:
    """Over all its raters, each asked once a case (a pair in both orders); ``n``: the fewest answers of a rater.

    Answers used again unpaid are not counted. None where a rater has none: its answers were imported, or it has not
    been asked. Seconds are a model's time, whatever ran beside it.
    """
    each = [_of_rater(judge, rater) for rater in raters.seated(judge)]
    known = [cost for cost in each if cost]
    if not known or len(known) < len(each):
        return None
    return CaseCost(
        min(cost.n for cost in known),
        sum(cost.tokens for cost in known),
        sum(cost.money for cost in known),
        sum(cost.seconds for cost in known),
    )


def _of_rater(judge: Judge, rater: Rater) -> CaseCost | None:
    paid = Completion.objects.filter(
        rater=rater, case__project=judge.project_id, judgment__isnull=False, is_cached=False
    )
    found = paid.aggregate(
        n=Count("pk"), read=Avg("prompt_tokens"), written=Avg("completion_tokens"), took=Avg("latency_ms")
    )
    if not found["n"]:
        return None
    money = raters.price_of(rater).cost(1, 0) * found["read"] + raters.price_of(rater).cost(0, 1) * found["written"]
    return CaseCost(found["n"], found["read"] + found["written"], money, found["took"] / 1000)
