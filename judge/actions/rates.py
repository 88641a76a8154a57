"""Rates: π of what a cell accepts now, from what it accepted before (docs/adr/0011-audit-rate-of-a-batch.md).

Whoever accepts asks here first and draws afterwards: nothing that a draw decides can move its own rate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from judge.actions import bulk
from judge.actions.cells import Cell
from judge.models import Certificate
from judge.rules.auditing import WANTED_A_DAY, audit_rate, raised

#: Of each certificate the latest acceptances, as many as can move its rate, counted by day.
LATEST = """
SELECT c.id, p.pi_min, w.input_drift, latest.yesterday, latest.today
FROM judge_certificate c
JOIN judge_auditwatch w ON w.certificate_id = c.id
JOIN judge_policy p ON p.id = c.policy_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE a.created_at >= %(today)s) AS today,
           count(*) FILTER (WHERE a.created_at >= %(yesterday)s AND a.created_at < %(today)s) AS yesterday
    FROM (SELECT d.created_at FROM judge_decision d WHERE d.certificate_id = c.id AND d.route = 'accept'
          ORDER BY d.id DESC LIMIT least(%(most)s, ceil(2 * %(wanted)s / p.pi_min))::bigint) a
) latest
WHERE c.id = ANY (%(ids)s::bigint[])
"""
#: A rate below 20/100,000 is not told apart from it: nobody wants so few audits, and routing must not count for long.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What one certificate accepted yesterday and today so far, as far back as it matters."""

    least: float
    input_drift: float
    yesterday: int
    today: int

    def rate(self, n: int = 1) -> float:
        """π for each of the next ``n`` acceptances."""
        found = audit_rate(max(self.yesterday, self.today + n), least=self.least)
        return raised(found, self.input_drift)


def now(certificates: Collection[int]) -> dict[int, Pace]:
    """The pace of these certificates, by id."""
    today = _midnight()
    rows = bulk.execute(
        LATEST, ids=bulk.array(certificates), today=today, yesterday=today - timedelta(days=1), wanted=WANTED_A_DAY,
        most=MOST,
    )  # fmt: skip
    return {pk: Pace(*told) for pk, *told in rows}


def of_cells(known: Mapping[int, Cell], accepting: Mapping[int, int]) -> dict[int, Cell]:
    """The cells by criterion with the rate of what they accept now; ``accepting``: criterion → how many cases."""
    ids = {known[each].certificate_id: n for each, n in accepting.items()}
    paces = now([pk for pk in ids if pk is not None])
    return {
        each: replace(cell, rate=paces[cell.certificate_id].rate(ids[cell.certificate_id]))
        if cell.certificate_id in paces
        else cell
        for each, cell in known.items()
    }


def of_batch(certificate: Certificate, n: int) -> float:
    """π of each case of a batch of ``n``, known before any of it is accepted: all of it has one rate."""
    return now([certificate.pk])[certificate.pk].rate(n)


def _midnight() -> datetime:
    """Days are those of the installation, whoever asks."""
    local = timezone.localtime(timezone=timezone.get_default_timezone())
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
