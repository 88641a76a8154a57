"""What a scoring rule itself costs: the time from a case to its calls, and from their replies to an answer."""

from __future__ import annotations

from itertools import product
from statistics import median
from time import process_time

from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionResult, TokenChoice
from llm_judge.rules.scoring import JudgeCase, conclude, plan_calls
from tests.benchmarks.figures import Figure
from tests.llm_judge.examples import FIT, make_rater

FIGURES = {"machines.rule_cost_per_case": "≤ 40"}
N_CONTEXTS, TAGS, ROUNDS = 500, 20, 5
WORDS = ("Yes", "No", "I", "\n", " yes", "y", "Maybe", "The", "A", " No", "no", "N", "It", "This", "Not", " Not", "**")
REPLY = CompletionResult("Yes", (TokenChoice("Yes", -0.1, tuple((word, -1.0) for word in WORDS)),))


def measure() -> list[Figure]:
    shared, alone = (median(rounds) for rounds in zip(*(measure_round() for _ in range(ROUNDS)), strict=True))
    return [
        Figure(
            "machines.rule_cost_per_case",
            round(shared, 1),
            "µs",
            FIGURES["machines.rule_cost_per_case"],
            met=shared <= 40,
            baseline=f"choice, 1 kB of context, {TAGS} tags each; {alone:.1f} µs where no two cases share a context",
        )
    ]


def measure_round() -> tuple[float, float]:
    return cost(N_CONTEXTS, TAGS), cost(N_CONTEXTS * TAGS // 5, 1)


def cost(n_contexts: int, tags: int) -> float:
    """Microseconds of this process for each case."""
    contexts = [
        {"title": f"scarf {each}", "history": [f"bought thing number {each} {row} in the shop" for row in range(25)]}
        for each in range(n_contexts)
    ]
    cases = [
        JudgeCase(str(number), FIT, dict(context), {"Item Tag": f"tag {tag}", "Reason": "as the user likes it a lot"})
        for number, (context, tag) in enumerate(product(contexts, range(tags)))
    ]
    rater, started = make_rater(ScoringRule.CHOICE), process_time()
    for case in cases:
        plan_calls(case, rater)
        conclude(case, rater, [REPLY])
    return (process_time() - started) / len(cases) * 1e6
