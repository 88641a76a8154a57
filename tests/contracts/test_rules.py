"""What each scoring rule promises, whatever model is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from llm_judge.backends.base import PatientBackend
from llm_judge.backends.judging import CaseAnswer, judge_one
from llm_judge.backends.scripted import Answerer, Fault, ScriptedBackend
from llm_judge.rules.configuration import Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.records import CompletionRequest, Scored, Unscored
from llm_judge.rules.scoring import JudgeCase
from llm_judge.rules.templates import shipped_for
from tests.contracts.test_backends import Court, court, rater_of
from tests.llm_judge.examples import make_case, make_pair, make_rater

__all__ = ["court"]
RULES_FOR_PAIRS = [ScoringRule.CHOICE, ScoringRule.FEW_SHOT, ScoringRule.REASONED, ScoringRule.SAMPLED]


def prefer_first(request: CompletionRequest) -> Mapping[str, float]:
    """A model that likes whatever it reads first."""
    return {word: 0.9 if word.strip() == "A" else 0.05 for word in request.answers}


def prefer_red(request: CompletionRequest) -> Mapping[str, float]:
    """A model that reads: it likes the output that names the colour, wherever it stands."""
    asked = request.prompt + "".join(each.content for each in request.messages)
    favourite = "A" if "A:\n    Colour: red" in asked else "B"
    return {word: 0.9 if word.strip() == favourite else 0.05 for word in request.answers}


def ask(backend: PatientBackend, case: JudgeCase, rater: RaterConfiguration) -> CaseAnswer:
    async def collect() -> CaseAnswer:
        async with backend:
            return await judge_one(backend, case, rater)

    return asyncio.run(collect())


def judge_pair(answerer: Answerer, rule: ScoringRule) -> Scored:
    rater = make_rater(rule, template=shipped_for(rule, compares=True))
    answer = ask(ScriptedBackend(answerer=answerer), make_pair("Colour: red", "Gift: winter"), rater).answer
    assert isinstance(answer, Scored), answer
    return answer


@pytest.mark.parametrize("rule", [ScoringRule.CHOICE, ScoringRule.FEW_SHOT, ScoringRule.REASONED])
def test_a_model_that_always_prefers_the_first_is_seen_through(rule: ScoringRule) -> None:
    answer = judge_pair(prefer_first, rule)
    assert answer.probs["a"] == pytest.approx(answer.probs["b"])
    assert max(answer.probs.values()) < 0.5
    assert answer.is_order_sensitive


@pytest.mark.parametrize("rule", RULES_FOR_PAIRS)
def test_a_model_that_reads_gives_the_same_label_in_both_orders(rule: ScoringRule) -> None:
    answer = judge_pair(prefer_red, rule)
    assert answer.label == "a"
    assert set(answer.by_order) == {"ab", "ba"}
    assert not answer.is_order_sensitive


def test_reasons_are_kept(court: Court) -> None:
    (answer,) = court.judge(rater_of(ScoringRule.REASONED), make_case())
    assert isinstance(answer.answer, Scored), answer.answer
    assert answer.answer.rationale
    assert len(answer.replies) == 2


def test_votes_never_make_certain(court: Court) -> None:
    (answer,) = court.judge(rater_of(ScoringRule.SAMPLED), make_case())
    assert isinstance(answer.answer, Scored), answer.answer
    assert all(0.0 < share < 1.0 for share in answer.answer.probs.values())
    assert len(answer.replies) == 3


def test_votes_on_a_close_question_differ() -> None:
    even: Answerer = lambda request: dict.fromkeys(request.answers, 0.5)  # noqa: E731
    rater = make_rater(ScoringRule.SAMPLED, decoding=Decoding(temperature=1.0, samples=40))
    answer = ask(ScriptedBackend(answerer=even), make_case(), rater).answer
    assert isinstance(answer, Scored)
    assert 0.2 < answer.probs["fits"] < 0.8


def test_a_second_step_that_fails_leaves_the_case_unscored() -> None:
    """The reasons came, the answer did not: nothing is guessed from the reasons."""
    faults = lambda request, attempt: Fault.OFF_MENU if request.answers else None  # noqa: E731
    answer = ask(ScriptedBackend(faults=faults), make_case(), make_rater(ScoringRule.REASONED))
    assert isinstance(answer.answer, Unscored)
    assert (answer.answer.reason, len(answer.replies)) == ("off_menu", 2)
