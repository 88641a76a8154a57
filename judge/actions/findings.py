"""Findings: what a milestone says of one criterion, and what it is held against.

The rule, at level .05 divided by the number of criteria, each test exact and one-sided (judge.stats.milestones):

1. The judge has a certificate of the criterion, in force or not: of the sample, the cases that the latest one would
   accept (s ≥ λ̂) have risk ≤ its alpha. *Degraded* where the binomial test says more.
2. It has none, but an earlier milestone read the criterion: all cases, against all cases of the latest of these.
   *Degraded* where Fisher's test says that this judge errs more.
3. Neither, but another judge was certified: as large a share of the sample as that certificate accepts, the most
   confident cases, against the certify cases that it accepted; Fisher's test. These figures stand in the certificate
   already, so nothing more of certify answers is told.
4. None of these: the first measurement passes, and later ones are held against it.

A case without a strict majority of people is an error, unscored verdicts and those in doubt are never accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.actions import cells
from judge.actions.references import Reading
from judge.models import Certificate, Criterion, Milestone
from judge.rules.routing import CellState


@dataclass(frozen=True, slots=True)
class Test:
    """``chosen``: the cases that were held against something, in the order of the sample; ``against`` names it."""

    chosen: Sequence[Reading] = ()
    p_value: float = 1.0
    against: dict[str, Any] = field(default_factory=lambda: {"kind": "nothing"})


def find(milestone: Milestone, criterion: Criterion, sample: Sequence[Reading], *, n_tests: int) -> dict[str, Any]:
    """What JSON holds of a criterion: n, errors and interval of the whole sample, and the test with its own."""
    from judge.stats import milestones

    test = _test(milestone, criterion, sample)
    level = milestones.LEVEL / n_tests
    return {
        **_share(sample), "unscored": sum(each.verdict is None for each in sample),
        "tested": _share(test.chosen) if test.chosen else None,
        "against": test.against, "p_value": test.p_value, "level": level, "is_degraded": test.p_value <= level,
    }  # fmt: skip


def _test(milestone: Milestone, criterion: Criterion, sample: Sequence[Reading]) -> Test:
    proven = Certificate.objects.filter(criterion=criterion, threshold__isnull=False).exclude(
        state=CellState.UNCERTIFIED
    )
    if own := cells.standing(proven.filter(judge=milestone.judge_id)).first():
        return _against_promise(own, sample)
    if earlier := _earlier(milestone, criterion):
        return _against_milestone(earlier, criterion, sample)
    if other := proven.order_by("-pk").first():
        return _against_other(other, sample)
    return Test()


def _against_promise(certificate: Certificate, sample: Sequence[Reading]) -> Test:
    from judge.stats import milestones

    assert certificate.threshold is not None
    chosen = [each for each in sample if each.confidence is not None and each.confidence >= certificate.threshold]
    p_value = milestones.above(_errors(chosen), len(chosen), alpha=certificate.alpha)
    told = {"kind": "certificate", "id": certificate.pk, "alpha": certificate.alpha, "threshold": certificate.threshold}
    return Test(chosen, p_value, told | {"state": certificate.state})


def _against_milestone(earlier: Milestone, criterion: Criterion, sample: Sequence[Reading]) -> Test:
    from judge.stats import milestones

    known = earlier.report[criterion.key]
    p_value = milestones.worse(_errors(sample), len(sample), before=(known["errors"], known["n"]))
    told = {"kind": "milestone", "name": earlier.name, "judge": earlier.judge.version}
    return Test(sample, p_value, told | {"n": known["n"], "errors": known["errors"]})


def _against_other(certificate: Certificate, sample: Sequence[Reading]) -> Test:
    from judge.stats import milestones

    chosen = _most_confident(sample, round(certificate.coverage * len(sample)))
    before = (certificate.n_errors, certificate.n_accepted)
    p_value = milestones.worse(_errors(chosen), len(chosen), before=before)
    told = {"kind": "other_judge", "id": certificate.pk, "judge": certificate.judge.version}
    return Test(chosen, p_value, told | {"n": before[1], "errors": before[0], "coverage": certificate.coverage})


def _most_confident(sample: Sequence[Reading], n: int) -> list[Reading]:
    """The ``n`` cases of the highest confidence, and those as confident as the last of them: no tie is cut."""
    scores = sorted((each.confidence for each in sample if each.confidence is not None), reverse=True)[:n]
    return [each for each in sample if scores and each.confidence is not None and each.confidence >= scores[-1]]


def _earlier(milestone: Milestone, criterion: Criterion) -> Milestone | None:
    """The latest closed milestone before this one that read the very criterion, by whichever judge."""
    closed = Milestone.objects.filter(
        project=milestone.project_id, pk__lt=milestone.pk, cases__has_key=str(criterion.pk)
    )
    found: Milestone | None = (
        closed.exclude(state=Milestone.State.ASKED).select_related("judge").order_by("-pk").first()
    )
    return found


def _share(sample: Sequence[Reading]) -> dict[str, Any]:
    from judge.stats import exact

    n, errors = len(sample), _errors(sample)
    ends = exact.clopper_pearson(errors, n)
    return {"n": n, "errors": errors, "low": ends.low, "high": ends.high}


def _errors(sample: Sequence[Reading]) -> int:
    return sum(each.is_error for each in sample)
