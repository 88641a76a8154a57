"""How much of what each generator wrote passes each criterion: estimated by workers, kept as a summary.

Train, gold and open cases count; of the certify stream nothing is read. The generators with most items are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.actions import bulk, tally_kinds
from judge.models import Project, ScaleLabelRow

NAME = "pass_rates"
#: Generators that are told, those with most items; the page names the number of the others.
MOST_GENERATORS = 10

#: Cases that a judge accepted and people settled, by the probability with which the acceptance was shown to them and
#: whether they pass. An acceptance that an alarm doubts was looked at again whole: there people's label is no audit.
AUDITED = """
WITH audited AS MATERIALIZED (
    SELECT DISTINCT ON (d.case_id) d.case_id, d.audit_probability AS probability
    FROM judge_decision d
    WHERE d.route = 'accept' AND d.is_audited
      AND d.certificate_id IN (SELECT id FROM judge_certificate WHERE project_id = %(project)s)
      AND NOT EXISTS (SELECT FROM judge_alarm m WHERE m.certificate_id = d.certificate_id AND d.id >= m.since_decision)
    ORDER BY d.case_id, d.id
)
SELECT c.criterion_id, i.generator, u.probability, s.passes, count(*)
FROM audited u
JOIN judge_case c ON c.id = u.case_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label
WHERE i.stream <> 'certify' AND i.generator = ANY (%(generators)s) AND s.passes IS NOT NULL
GROUP BY 1, 2, 3, 4
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

    def settle(self, passes: bool, n: int, *, by_judge: bool) -> None:
        """Labels in force; people's are taken for their own until :meth:`audit` says otherwise."""
        if by_judge:
            self.accepted += n
        else:
            self.people += n
            self.people_pass += n if passes else 0

    def audit(self, probability: float, passes: bool, n: int) -> None:
        self.settle(passes, -n, by_judge=False)
        self.accepted += n
        self.audits[probability][0] += n
        self.audits[probability][1] += n if passes else 0


type Passing = Mapping[tuple[int, str], bool | None]
type Piles = dict[int, dict[str, Pile]]


def measure(project: Project) -> dict[str, Any]:
    """Criterion → generator → rates, as JSON; ``n_generators`` counts all of them."""
    found = tally_kinds.generators(project)
    told = found[:MOST_GENERATORS]
    return {
        "n_generators": len(found),
        "generators": [{"name": name, "items": n} for name, n in told],
        "criteria": _rates(_piles(project, {name for name, _ in told})),
    }


def _piles(project: Project, generators: Collection[str]) -> Piles:
    piles: Piles = defaultdict(lambda: defaultdict(Pile))
    passing = _passing(project)
    for (criterion, generator), n in tally_kinds.cases(project).items():
        if generator in generators:
            piles[criterion][generator].n += n
    _add_said(piles, project, generators, passing)
    for (criterion, generator, label, by_judge), n in tally_kinds.labels(project).items():
        if generator in generators and (passes := passing.get((criterion, label))) is not None:
            piles[criterion][generator].settle(passes, n, by_judge=by_judge)
    for criterion, generator, *told in bulk.execute(AUDITED, project=project.pk, generators=list(generators)):
        piles[criterion][generator].audit(*told)
    return piles


def _add_said(piles: Piles, project: Project, generators: Collection[str], passing: Passing) -> None:
    """What the judge in force says."""
    for (criterion, label, kind, generator), n in tally_kinds.verdicts(project).items():
        said = passing.get((criterion, label)) if kind == "generator" and generator in generators else None
        if said is not None:
            piles[criterion][generator].judged += n
            piles[criterion][generator].judged_pass += n if said else 0


def _passing(project: Project) -> Passing:
    """(criterion, label) → whether it passes; None where labels are preferences."""
    rows = ScaleLabelRow.objects.filter(criterion__project=project)
    return {(criterion, key): passes for criterion, key, passes in rows.values_list("criterion", "key", "passes")}


def _rates(piles: Piles) -> dict[str, dict[str, Any]]:
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
