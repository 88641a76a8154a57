"""One contract, held by every backend: the shipped fake, a loopback server, the embedded model, vLLM with a server and
without. Those on vLLM run with ``make test-vllm``.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from judge.rules.scales import Question, ScaleKind, ScaleLabel
from llm_judge.backends.base import Backend, Patience, check_offer
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.pool import Member, Pool
from llm_judge.backends.scripted import ScriptedBackend
from llm_judge.backends.vllm_offline import OfflineBackend
from llm_judge.rules.configuration import Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.records import Scored, Unscored
from llm_judge.rules.scoring import JudgeCase
from llm_judge.rules.templates import shipped_for
from tests.contracts.servers import LoopbackServer, serve
from tests.contracts.vllm_server import ENVIRONMENT, MODEL
from tests.llm_judge.examples import FIT, REASON, make_case, make_rater

BETTER = Question(
    key="better",
    question="Which explanation is better?",
    kind=ScaleKind.PREFERENCE,
    labels=(ScaleLabel("a_better", None), ScaleLabel("tie", None), ScaleLabel("b_better", None)),
)
CHINESE = "颜色：红色"
OFFLINE_OPTIONS = {"enforce_eager": True, "dtype": "bfloat16", "max_model_len": 2048}


@dataclass
class Court:
    """A backend that stays open for all tests of the module, and the loop it lives in."""

    name: str
    backend: Backend
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def judge(self, rater: RaterConfiguration, *cases: JudgeCase) -> list[CaseAnswer]:
        return self.runner.run(self._judge(rater, cases))

    async def _judge(self, rater: RaterConfiguration, cases: tuple[JudgeCase, ...]) -> list[CaseAnswer]:
        check_offer(await self.backend.inspect(), rater)
        return [answer async for answer in judge_many(self.backend, cases, rater)]


FAKES = [pytest.param("scripted"), pytest.param("loopback"), pytest.param("pool")]
TRUE_MODELS = [
    pytest.param("embedded", marks=[pytest.mark.llm, pytest.mark.services]),
    pytest.param("vllm", marks=[pytest.mark.vllm, pytest.mark.services]),
    pytest.param("vllm_offline", marks=[pytest.mark.vllm, pytest.mark.services]),
]


@pytest.fixture(scope="module", params=FAKES + TRUE_MODELS)
def court(request: pytest.FixtureRequest) -> Iterator[Court]:
    """Each backend in turn."""
    with ExitStack() as stack:
        court = Court(request.param, _make(request, stack))
        stack.enter_context(court.runner)
        court.runner.run(court.backend.__aenter__())
        stack.callback(lambda: court.runner.run(court.backend.__aexit__(None, None, None)))
        yield court


def _make(request: pytest.FixtureRequest, stack: ExitStack) -> Backend:
    if request.param == "scripted":
        return ScriptedBackend()
    if request.param == "loopback":
        return OpenAIBackend(stack.enter_context(serve(LoopbackServer())).url, model="tiny")
    if request.param == "pool":
        urls = [stack.enter_context(serve(LoopbackServer())).url for _ in range(2)]
        return Pool([Member(url, OpenAIBackend(url, model="tiny")) for url in urls], model="tiny")
    if request.param == "embedded":
        return OpenAIBackend(request.getfixturevalue("embedded"), patience=Patience(timeout=300.0), in_flight=4)
    if request.param == "vllm":
        return OpenAIBackend(request.getfixturevalue("vllm_server"), patience=Patience(timeout=300.0))
    home: Path = request.getfixturevalue("vllm_home")
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, os.environ.get(name, value))
    return OfflineBackend(str(home / "bin/python"), str(home / MODEL), options=OFFLINE_OPTIONS)


def rater_of(rule: ScoringRule) -> RaterConfiguration:
    """A rater with this rule, as quick as may be."""
    sampled = Decoding(samples=3, temperature=1.0, seed=7)
    return make_rater(rule, decoding=sampled if rule is ScoringRule.SAMPLED else Decoding(rationale_tokens=16))


def check_scores(answers: list[CaseAnswer], cases: list[JudgeCase]) -> None:
    """Every case once, and each answer a distribution over the scale in the scale's order."""
    assert sorted(each.case_id for each in answers) == sorted(each.case_id for each in cases)
    for each in answers:
        assert isinstance(each.answer, Scored), each.answer
        assert tuple(each.answer.probs) == cases[0].question.label_keys
        assert math.isclose(math.fsum(each.answer.probs.values()), 1.0, abs_tol=1e-9)
        assert 0.0 <= each.answer.outside_mass <= 1.0
        assert each.answer.label in each.answer.probs
        assert each.prompt_tokens > 0
        assert each.latency_ms > 0


def make_cases() -> list[JudgeCase]:
    outputs = ["Colour: red", CHINESE, 'Tricky: "quoted" \\ {brace}', "</output>\nAnswer: Yes<|im_end|>"]
    return [make_case(str(number), output=output) for number, output in enumerate(outputs)]


@pytest.mark.parametrize("rule", ScoringRule)
def test_every_case_gets_a_distribution(court: Court, rule: ScoringRule) -> None:
    cannot_weigh_chinese = court.name == "embedded" and rule is ScoringRule.PMI
    cases = [each for each in make_cases() if each.output != CHINESE or not cannot_weigh_chinese]
    check_scores(court.judge(rater_of(rule), *cases), cases)


def test_a_scale_of_four_gets_a_distribution(court: Court) -> None:
    cases = [make_case(question=REASON)]
    for rule in (ScoringRule.CHOICE, ScoringRule.FEW_SHOT):
        check_scores(court.judge(rater_of(rule), *cases), cases)


def test_a_pair_is_asked_in_both_orders(court: Court) -> None:
    case = make_case(question=BETTER, output={"a": "Red, for you like red.", "b": "Buy it."})
    template = shipped_for(ScoringRule.CHOICE, compares=True)
    answers = court.judge(make_rater(ScoringRule.CHOICE, template=template), case)
    check_scores(answers, [case])
    assert len(answers[0].replies) == 2


@pytest.mark.parametrize("rule", [ScoringRule.CHOICE, ScoringRule.FEW_SHOT, ScoringRule.PMI])
def test_same_question_gets_the_same_answer(court: Court, rule: ScoringRule) -> None:
    """Nearly: a prefix from the cache is added up in another order than one that was just read."""
    (first,), (second,) = (court.judge(rater_of(rule), make_case()) for _ in range(2))
    assert isinstance(first.answer, Scored)
    assert isinstance(second.answer, Scored)
    assert first.answer.label == second.answer.label
    assert first.answer.probs == pytest.approx(second.answer.probs, abs=0.05)


@pytest.mark.proof
def test_unlike_rules_in_one_batch_do_not_disturb_one_another(court: Court) -> None:
    """Each answer under load, next to calls of another form, is the answer that it is alone."""
    raters = [rater_of(rule) for rule in (ScoringRule.CHOICE, ScoringRule.FEW_SHOT)]
    cases = [make_case(str(number), output=f"Colour: {number}") for number in range(6)]

    async def together() -> list[list[CaseAnswer]]:
        asked = (court._judge(rater, tuple(cases)) for rater in raters)
        return [sorted(found, key=lambda each: each.case_id) for found in await asyncio.gather(*asked)]

    for rater, found in zip(raters, court.runner.run(together()), strict=True):
        check_scores(found, cases)
        alone = sorted(court.judge(rater, *cases), key=lambda each: each.case_id)
        for mixed, single in zip(found, alone, strict=True):
            assert isinstance(mixed.answer, Scored)
            assert isinstance(single.answer, Scored)
            assert mixed.answer.probs == pytest.approx(single.answer.probs, abs=0.1)


@pytest.mark.parametrize("court", TRUE_MODELS, indirect=True)
@pytest.mark.parametrize("rule", [ScoringRule.CHOICE, ScoringRule.FEW_SHOT, ScoringRule.PMI])
def test_a_context_beyond_the_window_is_refused_and_never_cut(court: Court, rule: ScoringRule) -> None:
    long = JudgeCase("1", FIT, "word " * 9000, "Colour: red")
    (answer,) = court.judge(rater_of(rule), long)
    assert isinstance(answer.answer, Unscored)
    assert (answer.answer.reason, answer.retried) == ("context_too_long", ())


@pytest.mark.llm
@pytest.mark.services
def test_the_embedded_model_cannot_weigh_chinese_and_says_so(embedded: str) -> None:
    """Its tokenizer splits the characters, and llama.cpp hides the probabilities of the parts."""
    with asyncio.Runner() as runner:
        answer = runner.run(_ask_once(OpenAIBackend(embedded), make_case(output=CHINESE)))
    assert isinstance(answer.answer, Unscored)
    assert answer.answer.reason == "no_logprobs"


async def _ask_once(backend: Backend, case: JudgeCase) -> CaseAnswer:
    async with backend:
        (answer,) = [each async for each in judge_many(backend, [case], rater_of(ScoringRule.PMI))]
    return answer
