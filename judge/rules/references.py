"""What people's answers to a case that measures a judge amount to: the reference, a function of their answers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.rules.imported import Reference
from judge.rules.routing import REFERENCE_PEOPLE


def reference_label(
    votes: Sequence[str], imported: Sequence[str] = (), *, reference: Reference = Reference.THREE
) -> str | None:
    """The label that a strict majority of people gave; None where there is none, and then the judge is wrong (e = 1).

    ``votes`` were given here, blind and in time; ``imported`` elsewhere. Imported answers count where they are as many
    as their frame's ``reference`` wants: then all there are, else people here were asked and theirs count alone. What
    an adjudicator said never counts. A single vote is no reference, unless imported and declared to be one.

    >>> reference_label(["yes", "no", "yes"]), reference_label(["yes", "no", "unsure"]), reference_label(["yes"])
    ('yes', None, None)
    """
    least = 1 if reference is Reference.SINGLE else REFERENCE_PEOPLE
    answers = imported if len(imported) >= least else votes
    if not answers or (answers is votes and len(votes) < 2):
        return None
    label, n = Counter(answers).most_common(1)[0]
    return label if n > len(answers) / 2 else None
