"""From a model's token probabilities to probabilities over labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from llm_judge.rules.answers import AnswerWords


def share_mass(alternatives: Iterable[tuple[str, float]], words: AnswerWords) -> dict[str, float]:
    """The mass that each label got among the first token's alternatives, before renormalising.

    A token counts for a word when, without its leading space, it is a beginning of that word and of no other: a
    tokenizer may begin "pass" with "p", "pas" or "pass", and each is a way of saying it. A token may be listed
    twice; it counts once. vLLM writes -9999 for a token that it masked: no mass.

    >>> words = AnswerWords((("pass", "good"), ("fail", "bad")))
    >>> share_mass([(" pass", math.log(.5)), ("p", math.log(.2)), ("fa", math.log(.1)), ("I", math.log(.1))], words)
    {'good': 0.7, 'bad': 0.1}
    """
    masses = dict.fromkeys(words.keys, 0.0)
    for token, logprob in dict(alternatives).items():
        key = words.match(token)
        if key is not None and not math.isnan(logprob):
            masses[key] += math.exp(min(logprob, 0.0))
    return {key: round(mass, 12) for key, mass in masses.items()}


def normalise(masses: Mapping[str, float]) -> tuple[dict[str, float], float] | None:
    """Probabilities that sum to 1, and the mass outside the labels; None when no label got any.

    >>> normalise({"good": 0.375, "bad": 0.125})
    ({'good': 0.75, 'bad': 0.25}, 0.5)
    """
    total = math.fsum(masses.values())
    if not math.isfinite(total) or total <= 0:
        return None
    probs = {key: mass / total for key, mass in masses.items()}
    return probs, round(min(1.0, max(0.0, 1.0 - total)), 12)


def most_probable(probs: Mapping[str, float]) -> str:
    """The label with the greatest probability; the first of the scale among equals."""
    return max(probs, key=lambda key: probs[key])


def logistic(log_odds: float) -> float:
    """1 / (1 + e^-x), safe for any finite x."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-min(log_odds, 700.0)))
    grown = math.exp(max(log_odds, -700.0))
    return grown / (1.0 + grown)
