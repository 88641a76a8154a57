"""How machine answers to one case become the judge's verdict. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from judge.errors import InputError

#: Probabilities below this count as this much: no single rater may veto a label for good.
FLOOR = 1e-6
#: Pseudo-votes for each label where a rater gave a label and no probabilities (Jeffreys' prior).
PSEUDO_VOTES = 0.5


class Doubt(StrEnum):
    """Why a verdict is never accepted, however confident. A certificate must count such a case as score −∞."""

    NONE = ""
    JUDGES_DISAGREE = "judges_disagree"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Answer:
    """One machine rater's answer: probabilities over the scale, a bare label, or unscored (both empty).

    ``is_suspicious``: the item's text tries to command the rater.
    """

    probs: Mapping[str, float] = field(default_factory=dict)
    label: str | None = None
    is_suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict before it is a row. Unscored: no label, no confidence."""

    label: str | None = None
    probs: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    doubt: Doubt = Doubt.NONE


@dataclass(frozen=True, slots=True)
class Pool:
    """Logarithmic opinion pool: z_k = b_k + Σ_r w_r · log p_r(k); p̂ = softmax(z / T).

    ``weights`` in the order of the judge's raters, empty: 1/R each. One rater with weight 1, T = 1 and no bias is the
    identity. Genest & Zidek (1986), Combining probability distributions; Guo et al. (2017) for the temperature.
    """

    weights: tuple[float, ...] = ()
    bias: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0

    @property
    def is_identity(self) -> bool:
        return self.temperature == 1.0 and not self.bias and self.weights in ((), (1.0,))


def read_calibrator(calibrator: Mapping[str, object], criterion: str = "") -> Pool:
    """The pool that a judge's calibrator holds for one criterion (its content hash).

    ``{"kind": "identity"}``, ``{"kind": "temperature", "temperature": 1.5}``, ``{"kind": "pool", "weights": […],
    "bias": {label: b}, "temperature": T}``, or ``{"kind": "by_criterion", "criteria": {hash: one of these},
    "otherwise": one of these}``. Raises InputError for anything else.
    """
    kind = calibrator.get("kind", "identity")
    if kind == "by_criterion":
        criteria, otherwise = calibrator.get("criteria"), calibrator.get("otherwise", {"kind": "identity"})
        found = criteria.get(criterion, otherwise) if isinstance(criteria, Mapping) else otherwise
        return read_calibrator(found if isinstance(found, Mapping) else {"kind": "?"})
    if kind not in ("identity", "temperature", "pool"):
        raise InputError(f"unknown calibrator {kind!r}", expected="identity, temperature, pool, by_criterion")
    if kind == "identity":
        return Pool()
    weights, bias, temperature = (
        calibrator.get("weights", ()),
        calibrator.get("bias", {}),
        calibrator.get("temperature"),
    )
    return Pool(
        weights=tuple(map(float, weights)) if isinstance(weights, Sequence) else (),
        bias={str(key): float(value) for key, value in bias.items()} if isinstance(bias, Mapping) else {},
        temperature=_positive(1.0 if temperature is None else temperature),
    )


def opine(answers: Sequence[Answer], pool: Pool, labels: Sequence[str] = ()) -> Opinion:
    """The verdict of a judge whose raters gave ``answers``, in the order of its seats; ``labels`` is the scale.

    An unscored answer makes an unscored verdict: nothing is guessed in its place. Raters that name different labels,
    and text that commands the judge, leave the verdict in doubt.

    >>> two = [Answer({"yes": .9, "no": .1}), Answer({"yes": .5, "no": .5})]
    >>> opinion = opine(two, Pool())  # √(.9·.5) : √(.1·.5) = 3 : 1
    >>> opinion.label, round(opinion.confidence, 3)
    ('yes', 0.75)
    """
    doubt = Doubt.SUSPICIOUS if any(each.is_suspicious for each in answers) else Doubt.NONE
    if not answers or any(not each.probs and each.label is None for each in answers):
        return Opinion(doubt=doubt)
    if len(answers) == 1 and pool.is_identity and answers[0].probs:
        probs = answers[0].probs
    else:
        probs = _mix([_probs(each, labels) for each in answers], pool)
    label = max(probs, key=lambda key: probs[key])
    if doubt is Doubt.NONE and len(answers) > 1 and len({_choice(each) for each in answers}) > 1:
        doubt = Doubt.JUDGES_DISAGREE
    return Opinion(label, probs, min(1.0, probs[label]), doubt)


def _mix(distributions: Sequence[Mapping[str, float]], pool: Pool) -> dict[str, float]:
    weights = pool.weights or (1.0 / len(distributions),) * len(distributions)
    if len(weights) != len(distributions):
        raise InputError(f"the calibrator has {len(weights)} weights", expected=f"one for each of {len(distributions)}")
    scores = {key: _score(key, distributions, weights, pool) for key in distributions[0]}
    top = max(scores.values())
    raised = {key: math.exp(score - top) for key, score in scores.items()}
    total = math.fsum(raised.values())
    return {key: value / total for key, value in raised.items()}


def _score(key: str, distributions: Sequence[Mapping[str, float]], weights: Sequence[float], pool: Pool) -> float:
    logs = (math.log(max(each.get(key, 0.0), FLOOR)) for each in distributions)
    said = math.fsum(weight * each for weight, each in zip(weights, logs, strict=True))
    return (pool.bias.get(key, 0.0) + said) / pool.temperature


def _probs(answer: Answer, labels: Sequence[str]) -> Mapping[str, float]:
    """A bare label as (1 + ½) / (1 + K/2) for it and ½ / (1 + K/2) for each other: one vote, no certainty."""
    if answer.probs:
        return answer.probs
    total = 1.0 + PSEUDO_VOTES * len(labels)
    return {key: ((key == answer.label) + PSEUDO_VOTES) / total for key in labels}


def _choice(answer: Answer) -> str | None:
    return answer.label or max(answer.probs, key=lambda key: answer.probs[key])


def _positive(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise InputError(f"the calibrator's temperature is {value!r}", expected="a number above 0")
    return float(value)
