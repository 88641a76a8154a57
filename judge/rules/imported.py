"""What people's answers from elsewhere amount to. Pure.

They are no votes: nobody here asked for them, so they settle a case only as a whole, and only where that is harmless.
Cases that measure the judge (certify, gold) are settled by them only if the people's items are declared to be a simple
random sample of the frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from judge.rules.routing import REFERENCE_PEOPLE, PolicyTerms, measures
from judge.rules.settling import Outcome, Settlement, basis_of, believe
from judge.rules.skills import UNKNOWN, Said, Skills
from judge.rules.streams import Stream


class Reference(StrEnum):
    """How many imported people make the reference of a case that measures the judge."""

    THREE = "three"  # all there are, at least three
    SINGLE = "single"  # all there are: one answer is the reference, by declaration


def settle_imported(
    answers: Sequence[Said],
    *,
    labels: Sequence[str],
    stream: Stream,
    is_sample: bool,
    reference: Reference,
    policy: PolicyTerms,
    is_reference: bool = False,
    prior: Mapping[str, float] | None = None,
    skills: Skills = UNKNOWN,
) -> Settlement:
    """What all imported labels of one case amount to. WAIT: they settle nothing, and people here answer as usual.

    A strict majority agrees; its soft label is that of people here. A case that measures the judge and has none goes to
    the adjudicator, and so does gold unless its answers are the reference by declaration.
    """
    n, is_measuring = len(answers), measures(stream, is_reference)
    if (is_measuring and not is_sample) or n < _least(is_measuring, reference, policy):
        return Settlement(Outcome.WAIT, n_people=n)
    label, votes = Counter(each.label for each in answers).most_common(1)[0]
    if votes > n / 2 and (stream is not Stream.GOLD or reference is Reference.SINGLE):
        soft = believe(label, answers, labels, is_measuring, prior, skills).soft
        return Settlement(Outcome.AGREED, label, basis_of(n), n, soft)
    return Settlement(Outcome.ADJUDICATE if is_measuring else Outcome.WAIT, n_people=n)


def _least(is_measuring: bool, reference: Reference, policy: PolicyTerms) -> int:
    if reference is Reference.SINGLE:
        return 1
    return REFERENCE_PEOPLE if is_measuring else policy.first_people
