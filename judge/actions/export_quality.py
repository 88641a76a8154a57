"""How many of an export's labels disagree with people: strata by decision, each with its interval (STATISTICS §6).

What was accepted by a judge is estimated from the audits under its certificate, what one person said from the labels
that two more were asked about. A checked label was corrected and stands in a stratum of its own. Labels that people
agreed on, and an adjudicator's, are the reference itself: how far people agree is told beside, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from judge.actions import bulk, export_quality_sql, references
from judge.actions.export_scope import Scope, filter_parameters
from judge.models import Certificate
from judge.rules.streams import uniform

if TYPE_CHECKING:
    from judge.stats.estimation import Stratum, StratumEstimate

#: Fewer answered audits say nothing of a judge's labels.
LEAST_AUDITS = 20


def estimate(scope: Scope) -> dict[str, Any] | None:
    """The estimate of the chosen labels as JSON; None where there are none."""
    from judge.stats.estimation import estimate_quality

    rows = bulk.execute(export_quality_sql.STRATA, **scope.parameters)
    found = estimate_quality([_stratum(scope, *row[:-1]) for row in rows])
    if found is None:
        return None
    return {
        "labels": found.n_labels,
        "wrong": _share(found.value),
        "low": _share(found.low),
        "high": _share(found.high),
        "confidence": found.confidence,
        "strata": [_told(each, is_certified=row[-1]) for each, row in zip(found.strata, rows, strict=True)],
    }


def doubts(quality: dict[str, Any] | None) -> list[str]:
    """Strata of a judge's labels that neither a certificate in force nor enough audits speak of, in words.

    What a certificate has just accepted is carried by its test alone until audits are answered.
    """
    return [
        f"{each['name']}: {each['labels']:,} labels, but only {each['checked'] + each['seen']} answered audits "
        f"(expected: at least {LEAST_AUDITS})"
        for each in (quality or {}).get("strata", ())
        if each["basis"] == "judge"
        and each["labels"]
        and not each["is_certified"]
        and each["checked"] + each["seen"] < LEAST_AUDITS
    ]


def _stratum(scope: Scope, basis: str, is_audited: bool, criterion: str, certificate: int | None, n: int) -> Stratum:
    from judge.stats.estimation import Stratum

    if is_audited:
        return Stratum(f"audited · {criterion}", n, is_reference=True)
    name = f"{basis} · {criterion}"
    if basis == "judge":
        return Stratum(name, n, **_audited(scope, certificate))
    if basis == "single":
        return Stratum(name, n, **_second_labels(scope, criterion))
    return Stratum(name, n, is_reference=True)


def _audited(scope: Scope, certificate_id: int | None) -> dict[str, Any]:
    """Audits under the certificate of cases that the export's filters take: a sample of one π, and what was seen
    beyond it (judge.stats.sampling.thin)."""
    if certificate_id is None:
        return {}
    certificate = Certificate.objects.select_related("judge").get(pk=certificate_id)
    parameters = {**scope.parameters, **filter_parameters(scope.filters), "certificate": certificate_id}
    rows = bulk.execute(export_quality_sql.AUDITED, **parameters)
    answers = references.of_cases(certificate.judge, certificate.criterion_id, [row[0] for row in rows])
    errors = {each.case_id: each.is_error for each in answers if each.is_answered}
    answered = [(case, probability, errors[case]) for case, probability, _ in rows if case in errors]
    return _thinned(answered, rows[0][2] if rows else 1.0)


def _second_labels(scope: Scope, criterion: str) -> dict[str, Any]:
    parameters = {**scope.parameters, **filter_parameters(scope.filters), "criterion": criterion}
    rows = bulk.execute(export_quality_sql.SECOND_LABELS, **parameters)
    return _thinned(rows, min((probability for _, probability, _ in rows), default=1.0))


def _thinned(rows: Sequence[tuple[int, float, bool]], least: float) -> dict[str, Any]:
    from judge.stats.sampling import thin

    if not rows:
        return {}
    stays = thin([row[1] for row in rows], [uniform("export", str(row[0])) for row in rows], least=least)
    kept = [row[2] for row, stay in zip(rows, stays, strict=True) if stay]
    others = [row[2] for row, stay in zip(rows, stays, strict=True) if not stay]
    return {"n_checked": len(kept), "n_wrong": sum(kept), "n_seen": len(others), "n_seen_wrong": sum(others)}


def _told(found: StratumEstimate, *, is_certified: bool) -> dict[str, Any]:
    stratum = found.stratum
    return {
        "name": stratum.name,
        "basis": stratum.name.split(" · ")[0],
        "labels": stratum.n_labels,
        "is_reference": stratum.is_reference,
        "is_certified": is_certified,
        "checked": stratum.n_checked,
        "checked_wrong": stratum.n_wrong,
        "seen": stratum.n_seen,
        "seen_wrong": stratum.n_seen_wrong,
        "wrong": _share(found.value),
        "low": _share(found.low),
        "high": _share(found.high),
    }


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
