"""Scoring rules: which calls one case needs, and what their answers say.

``choice``    one chat call; the model is held to the answer words.
``few_shot``  one raw completion after worked examples; the same answer words.
``pmi``       two raw calls: how much likelier is the output after its context than after none? Only for scales of
              two labels of which one passes. A log-likelihood is no probability yet: that is the calibrator's work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from judge.errors import InputError
from judge.rules.scales import Example, Question
from llm_judge.rules.answers import AnswerWords, choose_words, is_yes_no
from llm_judge.rules.configuration import RaterConfiguration, ScoringRule
from llm_judge.rules.fencing import describe, neutralise
from llm_judge.rules.probabilities import logistic, match, most_probable, normalise, share_mass
from llm_judge.rules.prompting import Prompt, render
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionRequest,
    CompletionResult,
    Message,
    Reply,
    Scored,
    Unscored,
    UnscoredReason,
)

NO_CONTEXT = "N/A"


@dataclass(frozen=True, slots=True)
class JudgeCase:
    """One case as a machine sees it. ``case_id`` comes back with the answer and is never sent."""

    case_id: str
    question: Question
    context: Any
    output: Any
    language: str = "en"


def check_fit(question: Question, rater: RaterConfiguration) -> None:
    """Raise InputError where this rater cannot judge this criterion at all: say so before a run, not in it."""
    choose_words(question)
    if rater.scoring_rule is ScoringRule.PMI and not is_yes_no(question):
        raise InputError(
            f'the scoring rule pmi cannot judge criterion "{question.key}"',
            expected="two labels, one of which passes",
            next_step="Use choice or few_shot.",
        )


def plan_calls(case: JudgeCase, rater: RaterConfiguration) -> tuple[CompletionRequest, ...]:
    """The calls that this case needs, in the order in which ``conclude`` wants their replies."""
    check_fit(case.question, rater)
    if rater.scoring_rule is ScoringRule.PMI:
        return tuple(_ask_likelihood(case, rater, context) for context in (case.context, NO_CONTEXT))
    prompt = _render(case, rater, case.context)
    if rater.scoring_rule is ScoringRule.CHOICE:
        system = (Message("system", prompt.system),) if prompt.system else ()
        asked = CompletionRequest(messages=(*system, Message("user", prompt.body)), answers=prompt.answers.words)
    else:
        asked = CompletionRequest(prompt=prompt.text, answers=tuple(f" {word}" for word in prompt.answers.words))
    return (_decode(asked, case, rater),)


def conclude(case: JudgeCase, rater: RaterConfiguration, replies: Sequence[Reply]) -> Scored | Unscored:
    """What the replies say. One failed call makes the case unscored, with that call's reason."""
    for reply in replies:
        if isinstance(reply, CompletionFailure):
            return Unscored(reply.kind, reply.detail)
    results = [reply for reply in replies if isinstance(reply, CompletionResult)]
    if rater.scoring_rule is ScoringRule.PMI:
        return compare_likelihoods(results, case.question)
    return read_answer(results[0], choose_words(case.question))


def read_answer(result: CompletionResult, words: AnswerWords) -> Scored | Unscored:
    """Probabilities over the labels from the first token. A text off the menu is unscored, however its mass lies."""
    text = result.text.strip()
    if not text:
        return Unscored(UnscoredReason.EMPTY_ANSWER, "the model wrote nothing")
    if match(text, words) is None:
        menu = ", ".join(words.words)
        return Unscored(UnscoredReason.OFF_MENU, f"the model wrote {_quote(text)} (expected: {menu})")
    alternatives = next((token.alternatives for token in result.tokens if token.token.strip()), ())
    if not alternatives:
        return Unscored(UnscoredReason.NO_LOGPROBS, "the server sent no log-probabilities for the answer")
    found = normalise(share_mass(alternatives, words))
    if found is None:
        return Unscored(UnscoredReason.OFF_MENU, "no label is among the likeliest first tokens")
    return Scored(found[0], found[1], most_probable(found[0]), text)


def compare_likelihoods(results: Sequence[CompletionResult], question: Question) -> Scored | Unscored:
    """p(pass) = logistic((log P(text | context) - log P(text | no context)) / n), n the number of its tokens.

    >>> from judge.rules.scales import ScaleLabel
    >>> from llm_judge.rules.records import TokenChoice
    >>> asked = Question("fit", "Does it fit?", (ScaleLabel("yes", True), ScaleLabel("no", False)))
    >>> given, alone = (CompletionResult("tea", (TokenChoice("tea", each),)) for each in (-1.0, -3.0))
    >>> compare_likelihoods([given, alone], asked).probs["yes"]  # logistic(2)
    0.8807970779778823
    """
    given, alone = results
    if not given.tokens or not alone.tokens:
        return Unscored(UnscoredReason.NO_LOGPROBS, "the server sent no log-probabilities for the text")
    gain = _log_likelihood(given) - _log_likelihood(alone)
    if not math.isfinite(gain):
        return Unscored(UnscoredReason.NO_LOGPROBS, "a token of the text came back without a finite log-probability")
    p_pass = logistic(gain / len(given.tokens))
    probs = {label.key: p_pass if label.passes else 1.0 - p_pass for label in question.labels}
    return Scored(probs, 0.0, most_probable(probs), given.text)


def _ask_likelihood(case: JudgeCase, rater: RaterConfiguration, context: Any) -> CompletionRequest:
    prompt = _render(case, rater, context)
    asked = CompletionRequest(prompt=prompt.before_output, forced=f" {_one_line(case.output)}")
    return _decode(asked, case, rater)


def _one_line(output: Any) -> str:
    return " ".join(neutralise(describe(output)).split())


def _render(case: JudgeCase, rater: RaterConfiguration, context: Any) -> Prompt:
    return render(
        case.question,
        context=context,
        output=case.output,
        template=rater.template,
        examples=pick_examples(case, rater),
        language=case.language,
    )


def pick_examples(case: JudgeCase, rater: RaterConfiguration) -> tuple[Example, ...]:
    """The worked examples of the prompt; for pmi the passing ones, which show what a good output is."""
    examples = rater.few_shots or case.question.in_language(case.language).examples or case.question.examples
    if rater.scoring_rule is ScoringRule.PMI:
        examples = tuple(each for each in examples if case.question.passes(each.label))
    return tuple(examples[: rater.max_examples])


def _decode(request: CompletionRequest, case: JudgeCase, rater: RaterConfiguration) -> CompletionRequest:
    how = rater.decoding
    return replace(
        request,
        reference=case.case_id,
        max_tokens=how.max_tokens,
        top_logprobs=how.top_logprobs,
        temperature=how.temperature,
        seed=how.seed,
    )


def _log_likelihood(result: CompletionResult) -> float:
    return math.fsum(token.logprob for token in result.tokens)


def _quote(text: str) -> str:
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
