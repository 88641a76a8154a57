"""What is asked of a model about one case: from a case to requests, rule by rule.

A desk holds what one rater needs for every case of a criterion in one language. It is laid once and found again, for
a run asks the same of thousands of cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judge.errors import InputError
from judge.rules.scales import Example, Question, ScaleKind, mirror
from llm_judge.rules.answers import AnswerWords, choose_words, is_yes_no
from llm_judge.rules.configuration import RaterConfiguration, ScoringRule
from llm_judge.rules.fencing import INDENT, describe, indent, neutralise, show
from llm_judge.rules.records import CompletionRequest, CompletionResult, Message
from llm_judge.rules.sheets import Prompt, Sheet, prepare

NO_CONTEXT = "N/A"
#: What a model is told to write when its reasons are given, so that a talkative one stops there.
STOP_MARK = "[end]"
_DESKS_AT_MOST = 256


@dataclass(frozen=True, slots=True)
class JudgeCase:
    """One case as a machine sees it. ``case_id`` comes back with the answer and is never sent."""

    case_id: str
    question: Question
    context: Any
    output: Any
    language: str = "en"

    @property
    def is_pair(self) -> bool:
        """Two outputs to be compared: both orders are asked."""
        return self.question.kind is ScaleKind.PREFERENCE and _holds_pair(self.output)


@dataclass(frozen=True, slots=True)
class Desk:
    """One criterion, in one language, laid out for one rater. ``system`` is the message that opens a chat, if any."""

    rater: RaterConfiguration
    sheet: Sheet
    system: tuple[Message, ...]
    held: tuple[str, ...]

    @property
    def words(self) -> AnswerWords:
        return self.sheet.answers


_desks: dict[tuple[int, int, str], tuple[Question, RaterConfiguration, Desk]] = {}


def find_desk(question: Question, language: str, rater: RaterConfiguration) -> Desk:
    """The desk for these; raises InputError where this rater cannot judge this criterion."""
    # By identity: comparing a rubric's text for every case would cost more than the rest. What is compared stays
    # referenced here, so no other object can take its id.
    key = (id(question), id(rater), language)
    found = _desks.get(key)
    if found is None:
        if len(_desks) >= _DESKS_AT_MOST:
            _desks.clear()
        found = _desks[key] = (question, rater, _lay_desk(question, language, rater))
    return found[2]


def check_fit(question: Question, rater: RaterConfiguration) -> None:
    """Raise InputError where this rater cannot judge this criterion at all: say so before a run, not in it."""
    if rater.head:
        return  # what a student has not learned it leaves unscored
    choose_words(question)
    if rater.scoring_rule is ScoringRule.PMI and not is_yes_no(question):
        raise InputError(
            f'the scoring rule pmi cannot judge criterion "{question.key}"',
            expected="two labels, one of which passes",
            next_step="Use choice or few_shot.",
        )
    if question.kind is ScaleKind.PREFERENCE:
        mirror(question)
    if rater.scoring_rule is not ScoringRule.PMI:
        _check_menu(rater)


def _check_menu(rater: RaterConfiguration) -> None:
    """A model that is not shown the answer words can only guess at them."""
    name, is_reasoned = rater.template.name, rater.scoring_rule is ScoringRule.REASONED
    for language, text in rater.template.texts.items():
        where = f'prompt "{name}" ({language})'
        if is_reasoned and not text.closing:
            raise InputError("it never asks for the answer", where=where, expected="a closing, after the reasons")
        asked = text.system + text.body + text.closing
        if "{labels}" not in asked and "{answers}" not in asked:
            raise InputError("it does not show the answers", where=where, expected="{labels} or {answers}")


def ask(case: JudgeCase, desk: Desk, order: str, replies: Sequence[CompletionResult]) -> list[CompletionRequest]:
    """The calls to make next for one presentation (``order``, empty for a single output); none when all is said."""
    rule = desk.rater.scoring_rule
    if rule is ScoringRule.REASONED and len(replies) == 1:
        return [_ask_after_reasons(case, desk, order, replies[0])] if read_reasons(replies[0]) else []
    if replies:
        return []
    if rule is ScoringRule.PMI:
        return [_ask_likelihood(case, desk, context) for context in (case.context, NO_CONTEXT)]
    prompt = desk.sheet.fill(case.context, show_output(case, order))
    if rule is ScoringRule.FEW_SHOT:
        return [_request(case, desk, prompt, text=prompt.text)]
    if rule is ScoringRule.REASONED:
        return [_ask_reasons(case, desk, prompt)]
    if rule is ScoringRule.SAMPLED:
        return _ask_votes(case, desk, prompt)
    return [_request(case, desk, prompt, messages=_open_chat(desk, prompt))]


def show_output(case: JudgeCase, order: str) -> str:
    """The output as it stands in the prompt; the two of a pair as A and B, each indented below its letter."""
    if not order:
        return show(case.output)
    first, second = (indent(show(case.output[side])) for side in order)
    return f"{INDENT}A:\n{first}\n{INDENT}B:\n{second}"


def pick_examples(case: JudgeCase, rater: RaterConfiguration) -> tuple[Example, ...]:
    """The worked examples of the prompt; for pmi the passing ones, which show what a good output is."""
    return _pick_examples(case.question, case.language, rater)


def read_reasons(reply: CompletionResult) -> str:
    """What the model wrote first. A text that ran into its limit ends in a mark that says so."""
    text = reply.text.split(STOP_MARK)[0].strip()
    return f"{text} […]" if text and reply.finish_reason == "length" else text


def _lay_desk(question: Question, language: str, rater: RaterConfiguration) -> Desk:
    check_fit(question, rater)
    examples = _pick_examples(question, language, rater)
    sheet = prepare(question, template=rater.template, examples=examples, language=language)
    space = " " if rater.scoring_rule is ScoringRule.FEW_SHOT else ""
    return Desk(
        rater=rater,
        sheet=sheet,
        system=(Message("system", sheet.system),) if sheet.system else (),
        held=tuple(space + word for word in sheet.answers.words),
    )


def _pick_examples(question: Question, language: str, rater: RaterConfiguration) -> tuple[Example, ...]:
    examples = rater.few_shots or question.in_language(language).examples or question.examples
    if rater.scoring_rule is ScoringRule.PMI:
        examples = tuple(each for each in examples if question.passes(each.label))
    return tuple(examples[: rater.max_examples])


def _open_chat(desk: Desk, prompt: Prompt) -> tuple[Message, ...]:
    return (*desk.system, Message("user", prompt.body))


def _request(
    case: JudgeCase,
    desk: Desk,
    prompt: Prompt,
    *,
    text: str = "",
    messages: tuple[Message, ...] = (),
    seed: int | None = None,
) -> CompletionRequest:
    """A call that is answered by one of the words."""
    how = desk.rater.decoding
    return CompletionRequest(
        prompt=text,
        messages=messages,
        answers=desk.held,
        max_tokens=how.max_tokens,
        top_logprobs=how.top_logprobs if seed is None else 0,
        temperature=how.temperature,
        seed=how.seed if seed is None else seed,
        reference=case.case_id,
        shared=prompt.shared,
    )


def _ask_votes(case: JudgeCase, desk: Desk, prompt: Prompt) -> list[CompletionRequest]:
    """The same question again and again, each time with a seed of its own. Nobody needs log-probabilities for it."""
    first, chat = desk.rater.decoding.seed or 0, _open_chat(desk, prompt)
    seeds = range(first, first + desk.rater.decoding.samples)
    return [_request(case, desk, prompt, messages=chat, seed=seed) for seed in seeds]


def _ask_reasons(case: JudgeCase, desk: Desk, prompt: Prompt) -> CompletionRequest:
    how = desk.rater.decoding
    return CompletionRequest(
        messages=_open_chat(desk, prompt),
        max_tokens=how.rationale_tokens,
        top_logprobs=0,
        temperature=how.temperature,
        seed=how.seed,
        reference=case.case_id,
        stop=(STOP_MARK,),
        shared=prompt.shared,
    )


def _ask_after_reasons(case: JudgeCase, desk: Desk, order: str, reasons: CompletionResult) -> CompletionRequest:
    """The talk so far, then the label. The reasons are a model's words about a stranger's text: no control marks."""
    prompt = desk.sheet.fill(case.context, show_output(case, order))
    opened = _open_chat(desk, prompt)
    said = Message("assistant", neutralise(read_reasons(reasons)))
    return _request(case, desk, prompt, messages=(*opened, said, Message("user", desk.sheet.closing)))


def _ask_likelihood(case: JudgeCase, desk: Desk, context: Any) -> CompletionRequest:
    how, prompt = desk.rater.decoding, desk.sheet.fill(context, show(case.output))
    return CompletionRequest(
        prompt=prompt.before_output,
        forced=f" {_one_line(case.output)}",
        max_tokens=how.max_tokens,
        top_logprobs=how.top_logprobs,
        temperature=how.temperature,
        seed=how.seed,
        reference=case.case_id,
        shared=prompt.shared,
    )


def _one_line(output: Any) -> str:
    return " ".join(neutralise(describe(output)).split())


def _holds_pair(output: Any) -> bool:
    return isinstance(output, dict) and output.keys() == {"a", "b"}
