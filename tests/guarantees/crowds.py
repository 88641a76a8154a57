"""Crowds in which the truth is known: people of many skills, a boastful judge, and a project that asks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from judge.actions import skills as actions
from judge.actions.skills import Material
from judge.rules.routing import PolicyTerms
from judge.rules.settling import Outcome, Settlement, Vote, settle
from judge.rules.skills import UNKNOWN, Said, Skills
from judge.rules.streams import Stream

type Prior = Mapping[str, float]


@dataclass
class Crowd:
    """``accuracy`` by person; wrong answers fall on the other labels at random. A share of the cases is ``hard`` for
    everybody, the judge included: errors go together, which no model of independent people sees.

    The judge's p̂ is what unit normals a ``signal`` apart say of an easy case, sharpened: log-odds times ``boast``.
    """

    labels: tuple[str, ...]
    accuracy: Sequence[float]
    boast: float
    signal: float
    hard: float
    seed: int
    policy: PolicyTerms = field(default_factory=PolicyTerms)

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng(self.seed)
        self.truth: dict[int, str] = {}
        self.priors: dict[int, Prior] = {}
        self.answers: dict[int, list[Said]] = {}
        self.is_hard: dict[int, bool] = {}

    def draw(self, n: int) -> list[int]:
        """``n`` new cases with the judge's p̂ of each."""
        start = len(self.truth)
        for case in range(start, start + n):
            place = int(self.chance.integers(len(self.labels)))
            self.truth[case] = self.labels[place]
            self.is_hard[case] = bool(self.chance.random() < self.hard)
            self.priors[case] = self._p_hat(place, 0.0 if self.is_hard[case] else self.signal)
        return list(range(start, start + n))

    def ask(self, case: int, *, stream: Stream, skills: Skills = UNKNOWN) -> Settlement:
        """Ask people one after another, nobody twice, until the case is settled or an adjudicator is called."""
        people, wanted = iter(self.chance.permutation(len(self.accuracy))), 2
        said = self.answers.setdefault(case, [])
        while True:
            while len(said) < wanted:
                said.append(self._answer(case, int(next(people))))
            found = settle(
                [Vote(each.label, rater=each.rater) for each in said],
                labels=self.labels,
                people_wanted=wanted,
                stream=stream,
                policy=self.policy,
                prior=self.priors[case],
                skills=skills,
            )
            if found.outcome not in (Outcome.MORE, Outcome.DOUBTED):
                return found
            wanted += 1

    def learn(self, gold: Sequence[int]) -> Skills:
        """What the product's worker makes of all answers so far, and of the adjudicated ``gold`` cases."""
        material = Material(self.labels, self.answers, self.priors, {case: (self.truth[case], 1.0) for case in gold})
        confusions = actions.fit(material)
        return Skills(confusions, actions.calibrate(material, Skills(confusions)))

    def _p_hat(self, place: int, signal: float) -> Prior:
        scores = self.chance.normal(size=len(self.labels))
        scores[place] += signal
        raised = np.exp(self.boast * self.signal * (scores - scores.max()))
        return dict(zip(self.labels, map(float, raised / raised.sum()), strict=True))

    def _answer(self, case: int, person: int) -> Said:
        right = 0.55 if self.is_hard[case] else self.accuracy[person]
        truth = self.truth[case]
        others = [label for label in self.labels if label != truth]
        label = truth if self.chance.random() < right else others[int(self.chance.integers(len(others)))]
        return Said(label, person + 1)


def calibration_error(share: NDArray[np.float64], is_right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equal size: Σ_b n_b/n |mean q − share right|."""
    order = np.argsort(share, kind="stable")
    return float(
        sum(
            len(each) / len(order) * abs(share[each].mean() - is_right[each].mean())
            for each in np.array_split(order, bins)
            if len(each)
        )
    )


def settled(crowd: Crowd, cases: Sequence[int], skills: Skills = UNKNOWN) -> Iterator[tuple[int, Settlement]]:
    """Those of the cases that people settle, with how."""
    for case in cases:
        if (found := crowd.ask(case, stream=Stream.OPEN, skills=skills)).outcome is Outcome.AGREED:
            yield case, found
