"""What people's answers from elsewhere amount to. Pure.

They are no votes: nobody here asked for them, so they settle a case only as a whole, and only where that is harmless.
Cases that measure the judge (certify, gold) are settled by them only if the people's items are declared to be a simple
random sample of the frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from judge.rules.routing import REFERENCE_PEOPLE, PolicyTerms
from judge.rules.settling import Basis, Outcome, Settlement, soft_label
from judge.rules.streams import Stream

MEASURING = frozenset({Stream.CERTIFY, Stream.GOLD})


class Reference(StrEnum):
    """How many imported people make the reference of a case that measures the judge."""

    THREE = "three"  # all there are, at least three
    SINGLE = "single"  # all there are: one answer is the reference, by declaration


def settle_imported(
    answers: Sequence[str],
    *,
    labels: Sequence[str],
    stream: Stream,
    is_sample: bool,
    reference: Reference,
    policy: PolicyTerms,
) -> Settlement:
    """What all imported labels of one case amount to. WAIT: they settle nothing, and people here answer as usual.

    A strict majority agrees. A case that measures the judge and has none goes to the adjudicator, and so does gold
    unless its answers are the reference by declaration.
    """
    n, measures = len(answers), stream in MEASURING
    if (measures and not is_sample) or n < _least(measures, reference, policy):
        return Settlement(Outcome.WAIT, n_people=n)
    label, votes = Counter(answers).most_common(1)[0]
    if votes > n / 2 and (stream is not Stream.GOLD or reference is Reference.SINGLE):
        basis = Basis.CONSENSUS if n > 1 else Basis.SINGLE
        return Settlement(Outcome.AGREED, label, basis, n, soft_label(answers, labels))
    return Settlement(Outcome.ADJUDICATE if measures else Outcome.WAIT, n_people=n)


def _least(measures: bool, reference: Reference, policy: PolicyTerms) -> int:
    if reference is Reference.SINGLE:
        return 1
    return REFERENCE_PEOPLE if measures else policy.first_people
