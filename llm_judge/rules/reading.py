"""What a model's replies to one presentation of a case say: probabilities over the labels, or why there are none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from judge.rules.scales import Question
from llm_judge.rules.answers import AnswerWords
from llm_judge.rules.probabilities import logistic, most_probable, normalise, share_mass
from llm_judge.rules.records import CompletionResult, Scored, Unscored, UnscoredReason

#: Added to each label's votes (Jeffreys' prior).
PSEUDO_VOTES = 0.5
#: What may stand around an answer without making it another one.
_DECORATION = " \t\n*_`\"'“”‘’.,:;!。，：；！()[]（）【】"


def read_answer(result: CompletionResult, words: AnswerWords) -> Scored | Unscored:
    """Probabilities over the labels from the first token. A text off the menu is unscored, however its mass lies."""
    text = result.text.strip()
    if not text:
        return Unscored(UnscoredReason.EMPTY_ANSWER, "the model wrote nothing")
    if words.match(text) is None:
        menu = ", ".join(words.words)
        return Unscored(UnscoredReason.OFF_MENU, f"the model wrote {_quote(text)} (expected: {menu})")
    alternatives = next((token.alternatives for token in result.tokens if token.token.strip()), ())
    if len(alternatives) < 2:  # of the answer alone, it would have all the mass
        return Unscored(UnscoredReason.NO_LOGPROBS, "the server sent no log-probabilities for the other answers")
    found = normalise(share_mass(alternatives, words))
    if found is None:
        return Unscored(UnscoredReason.OFF_MENU, "no label is among the likeliest first tokens")
    return Scored(found[0], found[1], most_probable(found[0]), text)


def count_votes(results: Sequence[CompletionResult], words: AnswerWords) -> Scored | Unscored:
    """p(label) = (votes + 1/2) / (n + K/2), n the votes that name one of the K labels; the others are outside mass.

    Jeffreys' prior for a multinomial: with few votes no probability is 0 or 1. It is the share of votes, not how
    sure a model is; what it is worth is the calibrator's to say. Unscored unless more than half of the votes count.

    >>> yes_no = AnswerWords((("Yes", "fits"), ("No", "weak")))
    >>> count_votes([CompletionResult(text, ()) for text in ("Yes", "Yes.", "**No**", "Maybe")], yes_no).probs
    {'fits': 0.625, 'weak': 0.375}
    """
    named = [vote for result in results if (vote := _read_vote(result.text, words)) is not None]
    texts = ", ".join(_quote(result.text.strip()) for result in results)
    if 2 * len(named) <= len(results):
        menu = ", ".join(words.words)
        detail = f"{len(named)} of {len(results)} votes name a label: {texts[:200]} (expected: {menu})"
        return Unscored(UnscoredReason.OFF_MENU, detail)
    probs = smooth(Counter(named), words.keys)
    return Scored(probs, 1.0 - len(named) / len(results), most_probable(probs), texts)


def smooth(votes: Mapping[str, int], labels: Sequence[str]) -> dict[str, float]:
    total = sum(votes.values()) + PSEUDO_VOTES * len(labels)
    return {label: (votes.get(label, 0) + PSEUDO_VOTES) / total for label in labels}


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


def _read_vote(text: str, words: AnswerWords) -> str | None:
    """The label that an unheld model named, and nothing but it: a sentence that begins with A is no vote for A."""
    return words.match(text.strip(_DECORATION))


def _log_likelihood(result: CompletionResult) -> float:
    return math.fsum(token.logprob for token in result.tokens)


def _quote(text: str) -> str:
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
