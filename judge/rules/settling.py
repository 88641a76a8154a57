"""When people's answers make a label, when one more person is asked, and when an adjudicator decides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from judge.rules.routing import REFERENCE_PEOPLE, PolicyTerms, people_first
from judge.rules.streams import Stream

#: Dirichlet prior of a person's answers (STATISTICS §5): an unknown person is right 4 : 1 against each other label.
PRIOR_RIGHT, PRIOR_WRONG = 4.0, 1.0

#: Why a person's answer has no label.
FLAGGED, SKIPPED = "flagged", "skipped"


class Outcome(StrEnum):
    WAIT = "wait"  # the people asked have not all answered
    MORE = "more"  # they disagree: ask one more
    AGREED = "agreed"
    ADJUDICATE = "adjudicate"


class Basis(StrEnum):
    """On whose word an agreed label stands."""

    JUDGE = "judge"
    SINGLE = "single"
    CONSENSUS = "consensus"
    ADJUDICATED = "adjudicated"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's in-time answer; ``label`` is None when they skipped or flagged the case."""

    label: str | None
    is_flag: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The answer of :func:`settle`. ``soft`` maps each label to its probability and is empty unless agreed."""

    outcome: Outcome
    label: str | None = None
    basis: Basis | None = None
    n_people: int = 0
    soft: Mapping[str, float] = field(default_factory=dict)

    @property
    def p_wrong(self) -> float | None:
        return None if self.label is None else 1 - self.soft[self.label]


def settle(
    votes: Sequence[Vote], *, labels: Sequence[str], people_wanted: int, stream: Stream, policy: PolicyTerms
) -> Settlement:
    """Decide what the votes of one case amount to.

    ``labels`` is the criterion's whole scale, ``people_wanted`` how many people the case asks for now.
    A flag goes to the adjudicator at once; so does a case that as many people skipped as could be asked.
    """
    answers = [vote.label for vote in votes if vote.label is not None]
    n, limit = len(answers), people_limit(stream, policy)
    if any(vote.is_flag for vote in votes):
        return Settlement(Outcome.ADJUDICATE, n_people=n)
    winner = majority(answers, limit=limit) if n >= people_first(stream, policy) else None
    if winner is not None and stream is not Stream.GOLD:  # gold is adjudicated whatever the votes
        basis = Basis.CONSENSUS if n > 1 else Basis.SINGLE
        return Settlement(Outcome.AGREED, winner, basis, n, soft_label(answers, labels))
    if winner is not None or (n < people_wanted and len(votes) - n >= limit):
        return Settlement(Outcome.ADJUDICATE, n_people=n)
    if n < people_wanted:
        return Settlement(Outcome.WAIT, n_people=n)
    return Settlement(Outcome.MORE if n < limit else Outcome.ADJUDICATE, n_people=n)


def people_limit(stream: Stream, policy: PolicyTerms) -> int:
    """How many people may be asked at most before an adjudicator."""
    return REFERENCE_PEOPLE if stream in (Stream.CERTIFY, Stream.GOLD) else max(policy.overlap, policy.first_people)


def majority(answers: Sequence[str], *, limit: int) -> str | None:
    """The label on which two people agree (one, where one suffices) and that holds a strict majority of the answers.

    While somebody disagrees it takes three answers, or all that may be asked, to say so:

    >>> majority(["yes", "yes"], limit=3), majority(["yes", "no", "yes"], limit=5), majority(["yes", "no"], limit=2)
    ('yes', 'yes', None)
    """
    if not answers:
        return None
    (label, votes), *others = Counter(answers).most_common(2)
    return label if votes > len(answers) / 2 and (not others or len(answers) >= min(limit, 3)) else None


def soft_label(answers: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Probability of each label given people of unknown, equal skill and a uniform prior.

    q(k) ∝ Π_people C[answer | k] with C[k | k] = 4 / (4 + K − 1), C[l | k] = 1 / (4 + K − 1) (Dawid & Skene 1979, at
    the prior mean). These are not calibrated: two agreeing people on a binary scale give 16 / 17.

    >>> round(soft_label(["yes", "yes"], ["yes", "no"])["yes"], 4)
    0.9412
    """
    counts = Counter(answers)
    log_odds = math.log(PRIOR_RIGHT / PRIOR_WRONG)
    top = max(counts[label] for label in labels)
    weights = {label: math.exp(log_odds * (counts[label] - top)) for label in labels}
    total = sum(weights.values())
    return {label: weight / total for label, weight in weights.items()}
