"""What an export says of itself: counts, quality, agreement between people, certificates, and known limits.

Facts are of the export's own moment and are kept with the snapshot, so that the manifest of one made again is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.actions import agreements, bulk, cells, export_quality, export_sql
from judge.actions.export_scope import Scope, Tally
from judge.errors import InputError
from judge.models import AuditWatch, Certificate, Criterion
from judge.rules.agreeing import WEAK, is_noise

#: Cases that two people answered, below which an alpha near zero says nothing yet.
LEAST_CASES = 20


def gather(scope: Scope, *, even_so: bool) -> dict[str, Any]:
    """All of it, as JSON. Raises InputError where the numbers do not carry the labels, unless ``even_so``."""
    quality, agreement = export_quality.estimate(scope), _agreement(scope)
    serious = [*_noise(agreement), *export_quality.doubts(quality)]
    if serious and not even_so:
        raise InputError(
            "the numbers do not carry these labels: " + "; ".join(serious),
            next_step="Mend the question or wait for more answers, or export even so (--even-so)",
        )
    counted = _counts(scope)
    return {
        "labels": counted.pop("all", {}).get("all", 0),
        "counts": counted.pop("kind", {}),
        "labels_by": counted,
        "quality": quality,
        "agreement": agreement,
        "certificates": [_certificate(each) for each in cells.proven(scope.project)]
        or "none: every label rests on people's answers",
        "limits": [*serious, *_limits(scope, quality, agreement)],
    }


def with_counts(facts: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """The same with what the format counted; ``labels`` counts nothing of its own."""
    told = tally.as_json()
    return {**facts, "counts": told["counts"] or facts["counts"], "excluded": told["excluded"]}


def _counts(scope: Scope) -> dict[str, dict[str, int]]:
    """Chosen labels by criterion, basis, split, language and round."""
    found: dict[str, dict[str, int]] = {}
    for group, value, n in bulk.execute(export_sql.COUNTS, **scope.parameters):
        found.setdefault(group, {})[value] = n
    return found


def _agreement(scope: Scope) -> list[dict[str, Any]]:
    """People's agreement on each criterion, as the page Agreement tells it."""
    keys = dict(Criterion.objects.filter(project=scope.project).values_list("pk", "key"))
    return [
        {"criterion": keys[pk], **{name: figures[name] for name in ("n", "agree", "alpha", "ac1")}}
        for pk, figures in agreements.in_short(scope.project).items()
    ]


def _noise(agreement: list[dict[str, Any]]) -> list[str]:
    return [
        f"{each['criterion']}: people agree hardly more than chance would (alpha {each['alpha']['value']:.2f}, "
        f"{each['n']:,} cases)"
        for each in agreement
        if each["alpha"] and each["n"] >= LEAST_CASES and is_noise(each["alpha"])
    ]


def _limits(scope: Scope, quality: Mapping[str, Any] | None, agreement: list[dict[str, Any]]) -> list[str]:
    """What a reader should know; nothing here stops an export."""
    found = [
        f"{each['criterion']}: people agree weakly (alpha {each['alpha']['value']:.2f})"
        for each in agreement
        if each["alpha"] and not is_noise(each["alpha"]) and each["alpha"]["value"] < WEAK
    ]
    found += [
        f"{each['name']}: nobody has checked any of these {each['labels']:,} labels"
        for each in (quality or {}).get("strata", ())
        if each["labels"] and not each["is_reference"] and not each["checked"]
    ]
    if not scope.sees_certify:
        found.append("labels of certify cases are left out: who may edit rubric, prompt or model must not read them")
    if scope.project.is_demo:
        found.append("a demonstration: its people are made up")
    return [*found, "p_wrong of people's labels: from people of equal skill where skills are not measured yet"]


def _certificate(row: Certificate) -> dict[str, Any]:
    """What a trainer needs to know of a certificate that labels rest on, the audit beside it."""
    told: dict[str, Any] = {
        "criterion": row.criterion.key, "state": row.state, "judge_version": str(row.judge.version), "alpha": row.alpha,
        "delta": row.delta, "threshold": row.threshold, "n_certify": row.n, "n_accepted": row.n_accepted,
        "n_errors": row.n_errors, "coverage": row.coverage, "scope": row.scope, "reference": row.reference,
    }  # fmt: skip
    if watch := AuditWatch.objects.filter(certificate=row).first():
        told["audit"] = {
            "accepted": watch.n_accepted, "audited": watch.n_audited, "errors": watch.n_errors, "bound": watch.bound
        }  # fmt: skip
    return told
