"""Scoring rules: which calls one case needs, and what their answers say.

``choice``    one chat call; the model is held to the answer words.
``few_shot``  one raw completion after worked examples; the same answer words.
``pmi``       two raw calls: how much likelier is the output after its context than after none? Only for scales of
              two labels of which one passes. A log-likelihood is no probability yet: that is the calibrator's work.
``reasoned``  two chat calls, one after the other: the model writes its reasons, then answers as in ``choice``.
``sampled``   several chat calls at a temperature, each a vote: for servers that give no log-probabilities.

A pair (two outputs under a preference) is asked once in each order, whatever the rule but ``pmi``.

Whoever makes the calls asks ``next_calls`` for them until there are none, then ``conclude``::

    replies = ()
    while calls := next_calls(case, rater, replies):
        replies += make(calls)
    answer = conclude(case, rater, replies)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from judge.rules.scales import ScaleKind
from llm_judge.rules.answers import AnswerWords
from llm_judge.rules.asking import JudgeCase, ask, check_fit, find_desk, pick_examples, read_reasons
from llm_judge.rules.configuration import RaterConfiguration, ScoringRule
from llm_judge.rules.pairs import combine, turn_back
from llm_judge.rules.reading import compare_likelihoods, count_votes, read_answer
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionRequest,
    CompletionResult,
    Reply,
    Scored,
    Unscored,
    UnscoredReason,
)

__all__ = [
    "JudgeCase",
    "check_fit",
    "conclude",
    "foresee_calls",
    "is_single_step",
    "next_calls",
    "pick_examples",
    "plan_calls",
]

_SINGLE = ("",)


def is_single_step(rule: ScoringRule) -> bool:
    """Whether all calls of a case are known before the first reply, so that they can go into a file."""
    return rule is not ScoringRule.REASONED


def plan_calls(case: JudgeCase, rater: RaterConfiguration) -> tuple[CompletionRequest, ...]:
    """The first calls of this case; all of them where the rule ``is_single_step``."""
    return next_calls(case, rater, ())


def next_calls(case: JudgeCase, rater: RaterConfiguration, replies: Sequence[Reply]) -> tuple[CompletionRequest, ...]:
    """The calls to make after ``replies``, those of earlier calls in their order; none once ``conclude`` can speak."""
    if rater.head or (replies and is_single_step(rater.scoring_rule)):
        return ()  # a student reads embeddings
    desk, orders = find_desk(case.question, case.language, rater), _orders(case, rater)
    if not orders:
        return ()
    said = [reply for reply in replies if isinstance(reply, CompletionResult)]
    if len(said) < len(replies):
        return ()
    # Presentation by presentation in turn, so that every len(orders)-th reply belongs to one of them.
    asked = [ask(case, desk, order, said[place :: len(orders)]) for place, order in enumerate(orders)]
    return tuple(asked[0] if len(asked) == 1 else chain.from_iterable(zip(*asked, strict=False)))


def foresee_calls(case: JudgeCase, rater: RaterConfiguration) -> tuple[CompletionRequest, ...]:
    """All calls of a case before anything is asked; reasons of the greatest length stand in for those to come."""
    calls: tuple[CompletionRequest, ...] = ()
    stand_in = CompletionResult("long" * rater.decoding.rationale_tokens, ())
    while more := next_calls(case, rater, [stand_in] * len(calls)):
        calls += more
    return calls


def conclude(case: JudgeCase, rater: RaterConfiguration, replies: Sequence[Reply]) -> Scored | Unscored:
    """What the replies say. One failed call makes the case unscored, with that call's reason."""
    for reply in replies:
        if isinstance(reply, CompletionFailure):
            return Unscored(reply.kind, reply.detail)
    orders = _orders(case, rater)
    if not orders:
        return Unscored(UnscoredReason.NOT_A_PAIR, 'the output is not of the form {"a": …, "b": …}')
    results = [reply for reply in replies if isinstance(reply, CompletionResult)]
    if orders is _SINGLE:
        return _read(case, rater, results)
    found: dict[str, Scored] = {}
    for place, order in enumerate(orders):
        answer = _read(case, rater, results[place :: len(orders)])
        if isinstance(answer, Unscored):
            return answer
        found[order] = turn_back(answer, order, case.question)
    return combine(found, case.question)


def _orders(case: JudgeCase, rater: RaterConfiguration) -> tuple[str, ...]:
    """The presentations of a case; none for what cannot be compared."""
    if case.question.kind is not ScaleKind.PREFERENCE:
        return _SINGLE
    return rater.orders if case.is_pair else ()


def _read(case: JudgeCase, rater: RaterConfiguration, results: Sequence[CompletionResult]) -> Scored | Unscored:
    rule, words = rater.scoring_rule, find_desk(case.question, case.language, rater).words
    if rule is ScoringRule.PMI:
        return compare_likelihoods(results, case.question)
    if rule is ScoringRule.SAMPLED:
        return count_votes(results, words)
    if rule is ScoringRule.REASONED:
        return _read_reasoned(results, words)
    return read_answer(results[0], words)


def _read_reasoned(results: Sequence[CompletionResult], words: AnswerWords) -> Scored | Unscored:
    """Without reasons there is no answer: a rater that was to reason first is not the rater that guesses."""
    rationale = read_reasons(results[0])
    if not rationale or len(results) < 2:
        return Unscored(UnscoredReason.EMPTY_ANSWER, "the model gave no reasons")
    answer = read_answer(results[1], words)
    return replace(answer, rationale=rationale) if isinstance(answer, Scored) else answer
