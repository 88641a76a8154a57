"""Some labels that one person made are checked by two further people, blind (STATISTICS §6).

They are drawn when the label is made, so nobody can foresee them; the label stays live meanwhile, and the queue shows
such a case like any other. What the two say decides it anew like any case that people answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from judge.actions import decisions
from judge.models import AgreedLabel, Decision, Project
from judge.rules.auditing import SECOND_LABEL_RATE
from judge.rules.routing import Reason
from judge.rules.settling import Basis

#: Nobody can foresee which label is checked.
_RANDOM = random.SystemRandom()
#: So many are asked: with the one who answered they are three.
FURTHER_PEOPLE = 2


def draw(project: Project, made: Sequence[AgreedLabel], *, rate: float | None = None) -> list[Decision]:
    """Ask two more people about some of the single labels that were just made; π is kept in their Decisions.

    A case is drawn once, with its first single label: correcting oneself draws no second ticket. The caller holds the
    cases' locks. ``rate``: one in ten unless told.
    """
    rate = SECOND_LABEL_RATE if rate is None else rate
    drawn = [row for row in made if row.basis == Basis.SINGLE and _RANDOM.random() < rate]
    if not drawn:
        return []
    earlier = AgreedLabel.objects.filter(case__in=[row.case_id for row in drawn], basis=Basis.SINGLE)
    known = set(earlier.exclude(pk__in=[row.pk for row in drawn]).values_list("case_id", flat=True))
    cases = [row.case for row in drawn if row.case_id not in known]
    return decisions.ask_people(project, cases, reason=Reason.SECOND_LABEL, people=FURTHER_PEOPLE, probability=rate)
