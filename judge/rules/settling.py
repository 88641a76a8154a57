"""When people's answers make a label, when one more person is asked, and when an adjudicator decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from judge.rules.routing import FIRST_PEOPLE, REFERENCE_PEOPLE, PolicyTerms, measures, people_first
from judge.rules.skills import UNKNOWN, Said, Skills, calibrated, soft_label, with_calibration
from judge.rules.streams import Stream

#: Where q is calibrated, a label is final from here on.
FINAL = 0.95

#: Why a person's answer has no label.
FLAGGED, SKIPPED = "flagged", "skipped"


class Outcome(StrEnum):
    WAIT = "wait"  # the people asked have not all answered
    MORE = "more"  # they disagree: ask one more
    DOUBTED = "doubted"  # they agree, but such a label is wrong too often: ask one more
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
    rater: int | None = None

    @property
    def said(self) -> Said | None:
        return None if self.label is None else Said(self.label, self.rater)


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
    votes: Sequence[Vote],
    *,
    labels: Sequence[str],
    people_wanted: int,
    stream: Stream,
    policy: PolicyTerms,
    is_reference: bool = False,
    prior: Mapping[str, float] | None = None,
    skills: Skills = UNKNOWN,
) -> Settlement:
    """Decide what the votes of one case amount to.

    ``labels`` is the criterion's whole scale, ``people_wanted`` how many people the case asks for now. A flag goes to
    the adjudicator at once; so does a case that as many people skipped as could be asked. ``prior`` (p̂ of the judge in
    force) and ``skills`` say how far people's majority is to be believed: they never choose another label, and of a
    case that measures a judge (``is_reference``, certify, gold) they say nothing at all.
    """
    answers = [vote.said for vote in votes if vote.said is not None]
    n, limit = len(answers), people_limit(stream, policy, is_reference=is_reference)
    if any(vote.is_flag for vote in votes):
        return Settlement(Outcome.ADJUDICATE, n_people=n)
    first = people_first(stream, policy, is_reference=is_reference)
    enough = n >= max(first, min(people_wanted, FIRST_PEOPLE))  # once more people are asked, one does not suffice
    winner = majority([each.label for each in answers], limit=limit) if enough else None
    if winner is not None and stream is not Stream.GOLD:  # gold is adjudicated whatever the votes
        believed = believe(winner, answers, labels, measures(stream, is_reference), prior, skills)
        if believed.is_final(n >= limit):
            return Settlement(Outcome.AGREED, winner, basis_of(n), n, believed.soft)
    elif winner is not None:
        return Settlement(Outcome.ADJUDICATE, n_people=n)
    if n < people_wanted:
        return Settlement(
            Outcome.ADJUDICATE if len(votes) - n >= max(limit, people_wanted) else Outcome.WAIT, n_people=n
        )
    more = Outcome.MORE if winner is None else Outcome.DOUBTED
    return Settlement(more if n < limit else Outcome.ADJUDICATE, n_people=n)


@dataclass(frozen=True, slots=True)
class Belief:
    """How far people's majority is believed: ``share`` is its calibrated q, None where q is not calibrated."""

    soft: Mapping[str, float]
    share: float | None = None

    def is_final(self, nobody_left: bool) -> bool:
        """Before calibration q finalises nothing and hinders nothing. After it q must reach FINAL; once
        ``nobody_left`` to ask the majority stands if it is likelier right than wrong."""
        return self.share is None or self.share >= FINAL or (nobody_left and self.share > 0.5)


def believe(
    label: str,
    answers: Sequence[Said],
    labels: Sequence[str],
    is_measuring: bool,
    prior: Mapping[str, float] | None,
    skills: Skills,
) -> Belief:
    """The soft label that goes with people's majority ``label``; from their answers alone where the case measures."""
    if is_measuring:
        return Belief(soft_label(answers, labels))
    soft = soft_label(answers, labels, prior=prior, skills=skills)
    share = calibrated(soft[label], len(answers), skills)
    return Belief(with_calibration(soft, label, share), share)


def basis_of(n_people: int) -> Basis:
    return Basis.CONSENSUS if n_people > 1 else Basis.SINGLE


def people_limit(stream: Stream, policy: PolicyTerms, *, is_reference: bool = False) -> int:
    """How many people may be asked at most before an adjudicator; the policy's overlap where nothing is measured."""
    return REFERENCE_PEOPLE if measures(stream, is_reference) else max(policy.overlap, policy.first_people)


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
