"""How much of what each generator wrote passes each criterion: estimated by workers, kept as a summary.

Train, gold and open cases count; of the certify stream nothing is read. The generators with most items are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from judge.actions import bulk
from judge.models import Project

NAME = "pass_rates"
#: Generators that are told, those with most items; the page names the number of the others.
MOST_GENERATORS = 10

GENERATORS = """
SELECT generator, count(*), count(*) OVER ()
FROM judge_item WHERE project_id = %(project)s AND stream <> 'certify'
GROUP BY generator ORDER BY 2 DESC, 1 LIMIT %(most)s
"""

#: Cases by who settled them, with what probability the judge's acceptance was shown to people, whether they pass, and
#: what the judge in force says. An acceptance that an alarm doubts was looked at again whole: there people settled it.
CASES = """
WITH audited AS (
    SELECT DISTINCT ON (d.case_id) d.case_id, d.audit_probability AS probability
    FROM judge_decision d
    WHERE d.route = 'accept' AND d.is_audited
      AND d.certificate_id IN (SELECT id FROM judge_certificate WHERE project_id = %(project)s)
      AND NOT EXISTS (SELECT FROM judge_alarm m WHERE m.certificate_id = d.certificate_id AND d.id >= m.since_decision)
    ORDER BY d.case_id, d.id
)
SELECT c.criterion_id, i.generator, a.basis = 'judge', u.probability, s.passes, v.passes, count(*)
FROM judge_item i
JOIN judge_case c ON c.item_id = i.id
LEFT JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live'
LEFT JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label
LEFT JOIN audited u ON u.case_id = c.id AND a.basis <> 'judge'
LEFT JOIN (judge_verdict w JOIN judge_scale_label v ON v.criterion_id = w.criterion_id AND v.key = w.label)
       ON w.case_id = c.id AND w.judge_id = %(judge)s
WHERE i.project_id = %(project)s AND i.stream <> 'certify' AND i.generator = ANY (%(generators)s)
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
"""


@dataclass(slots=True)
class Pile:
    """What is known of one criterion's cases of one generator."""

    n: int = 0
    people: int = 0
    people_pass: int = 0
    accepted: int = 0
    audits: dict[float, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    judged: int = 0
    judged_pass: int = 0

    def add(
        self, by_judge: bool | None, probability: float | None, passes: bool | None, said: bool | None, n: int
    ) -> None:
        self.n += n
        self.judged += n if said is not None else 0
        self.judged_pass += n if said else 0
        if passes is None:
            return
        if by_judge or probability is not None:
            self.accepted += n
        else:
            self.people += n
            self.people_pass += n if passes else 0
        if probability is not None:
            self.audits[probability][0] += n
            self.audits[probability][1] += n if passes else 0


def measure(project: Project) -> dict[str, Any]:
    """Criterion → generator → rates, as JSON; ``n_generators`` counts all of them."""
    found = bulk.execute(GENERATORS, project=project.pk, most=MOST_GENERATORS)
    names = [name for name, _, _ in found]
    rows = bulk.execute(CASES, project=project.pk, judge=project.judge_id, generators=names)
    return {
        "n_generators": found[0][2] if found else 0,
        "generators": [{"name": name, "items": n} for name, n, _ in found],
        "criteria": _rates(_piles(rows)),
    }


def _piles(rows: Iterable[tuple[Any, ...]]) -> dict[int, dict[str, Pile]]:
    piles: dict[int, dict[str, Pile]] = defaultdict(lambda: defaultdict(Pile))
    for criterion, generator, *told in rows:
        piles[criterion][generator].add(*told)
    return piles


def _rates(piles: dict[int, dict[str, Pile]]) -> dict[str, dict[str, Any]]:
    return {
        str(criterion): {name: _rate(pile) for name, pile in sorted(by_name.items())}
        for criterion, by_name in sorted(piles.items())
    }


def _rate(pile: Pile) -> dict[str, Any]:
    from judge.stats.generators import Group, estimate_generator

    audits = [Group(probability, n, n_pass) for probability, (n, n_pass) in sorted(pile.audits.items())]
    found = estimate_generator(pile.people, pile.people_pass, pile.accepted, audits)
    return {
        "cases": pile.n, "people": pile.people, "accepted": pile.accepted,
        "audited": sum(group.n for group in audits),
        "judged": pile.judged, "judged_pass": pile.judged_pass,
        "rate": None if found is None else {
            "value": round(found.value, 6), "low": round(found.low, 6), "high": round(found.high, 6), "n": found.n,
        },
    }  # fmt: skip
