"""Which accepted cases people see all the same: an independent draw at a rate that only the past sets.

Plain Python, as routing needs it in the one door. The rate comes from what was accepted before and from how many are
accepted now, both known before any draw; so no draw moves its own rate (docs/adr/0011-audit-rate-of-a-batch.md).
"""

from __future__ import annotations

import math

from judge.rules.streams import uniform

#: The least audit rate; a policy may set another.
LEAST_RATE = 0.05
#: Audits that a quiet day should bring.
WANTED_A_DAY = 20
#: Share of one-person labels that two more people check (STATISTICS §6).
SECOND_LABEL_RATE = 0.10
#: Odds against "confidences are as before" from which more is audited (judge.stats.input_drift.DRIFT).
DRIFT = 100.0


def audit_rate(accepted_yesterday: int | None, *, least: float = LEAST_RATE, wanted: int = WANTED_A_DAY) -> float:
    """π for the cases that a cell accepts today: max(least, min(1, 20 / yesterday's)).

    ``accepted_yesterday`` counts what the cell accepted the day before; None on its first day, when all are audited.

    >>> [audit_rate(n) for n in (None, 0, 10, 100, 10_000)]
    [1.0, 1.0, 1.0, 0.2, 0.05]
    """
    if not 0 < least <= 1:
        raise ValueError(f"the least audit rate {least} must lie in (0, 1]")
    if not accepted_yesterday:
        return 1.0
    return max(least, min(1.0, wanted / accepted_yesterday))


def raised(rate: float, input_drift: float) -> float:
    """The rate where confidences have drifted: twice as much, everything at most. It touches later cases only.

    ``input_drift`` is the highest log of the martingale so far.

    >>> [raised(rate, drift) for rate, drift in ((.05, 0.0), (.05, 5.0), (.8, 5.0))]
    [0.05, 0.1, 1.0]
    """
    return min(1.0, 2 * rate) if input_drift >= math.log(DRIFT) else rate


def audit_draw(salt: str, case_key: str) -> float:
    """The case's uniform number: it is audited iff the number is below π. Independent of its stream's draw.

    >>> audit_draw("s", "case 1") == audit_draw("s", "case 1") != audit_draw("s", "case 2")
    True
    """
    return uniform(f"audit\x1f{salt}", case_key)
