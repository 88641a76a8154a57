"""Whether judges lean: measured by a worker for each judge version, kept as a summary, shown to leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from judge.actions import bulk
from judge.models import Criterion, Judge, Project, Rater
from judge.rules.scales import ScaleKind, side_of
from llm_judge.actions import probes_sql, raters
from llm_judge.rules import probing
from llm_judge.rules.probing import Probe, ProbedCase, Strata

if TYPE_CHECKING:
    from judge.stats.probes import Effect

NAME = "probes"
#: The latest versions that are measured, and the latest cases of each criterion that are read.
MOST_JUDGES, MOST_CASES = 4, 5_000
#: Observed on single outputs; what no comparison could be made of is told as missing.
OBSERVED = (Probe.LENGTH, Probe.LANGUAGE, Probe.SELF, Probe.GENERATOR, Probe.BRAND, Probe.POPULARITY)


def measure(project: Project) -> dict[str, Any]:
    """The figures of the latest judge versions, the judge in force among them: JSON-able."""
    latest = list(Judge.objects.filter(project=project).order_by("-version")[:MOST_JUDGES])
    if project.judge and project.judge not in latest:
        latest = [project.judge, *latest[: MOST_JUDGES - 1]]
    criteria = list(Criterion.objects.filter(project=project).order_by("pk"))
    return {"judges": [_of_judge(judge, criteria) for judge in latest]}


def mark(project: Project) -> str:
    """It differs where a probe was answered, which leaves no event."""
    n, last, *_ = _asked(project.pk, None)
    return f"{n}-{last}"


def _asked(project_id: int, seats: Sequence[Rater] | None) -> Sequence[int]:
    """Answers to copies: how many, the latest, tokens, without a label; of these raters, or all."""
    ids = None if seats is None else bulk.array(rater.pk for rater in seats)
    return bulk.execute(probes_sql.ASKED, project=project_id, raters=ids)[0]


def _of_judge(judge: Judge, criteria: Sequence[Criterion]) -> dict[str, Any]:
    """All effects of one judge; ``holds`` by Holm's rule over all of them."""
    from judge.stats import probes as stats

    seats = raters.seated(judge)
    found = [told for criterion in criteria for told in _of_criterion(judge, seats, criterion)]
    found += _of_copies(judge, seats)
    effects = [told for told in found if "value" in told]
    for told, holds in zip(effects, stats.holm([each["p"] for each in effects]), strict=True):
        told["holds"] = holds
    n, _, tokens, n_unscored = _asked(judge.project_id, seats)
    return {
        "judge": judge.pk,
        "effects": effects,
        "missing": [told for told in found if "value" not in told],
        "asked": {"n": n, "tokens": tokens, "n_unscored": n_unscored},
    }


def _of_criterion(judge: Judge, seats: Sequence[Rater], criterion: Criterion) -> Iterator[dict[str, Any]]:
    if criterion.kind == ScaleKind.PREFERENCE:
        yield _position(judge, seats, criterion)
        return
    cases = _settled(judge, criterion)
    if not cases:
        return
    found = list(probing.strata(cases, families=_families(seats)))
    for each in found:
        yield _observed(each, criterion)
    seen = {each.probe for each in found}
    for probe in [each for each in OBSERVED if each not in seen]:
        yield {"probe": probe.value, "criterion": criterion.pk, "value_of": "", "n": len(cases), "why": "one_kind"}


def _settled(judge: Judge, criterion: Criterion) -> list[ProbedCase]:
    values = {"project": judge.project_id, "judge": judge.pk, "criterion": criterion.pk, "limit": MOST_CASES}
    rows = bulk.execute(probes_sql.SETTLED, **values)
    return [replace(ProbedCase(*row), popularity=_number(row[-1])) for row in rows]


def _number(text: str | None) -> float | None:
    with suppress(ValueError):
        return float(text) if text else None
    return None


def _families(seats: Iterable[Rater]) -> set[str]:
    models = (str((rater.configuration or {}).get("model", "")) for rater in seats)
    return {probing.family(model) for model in models}


def _observed(found: Strata, criterion: Criterion) -> dict[str, Any]:
    from judge.stats import probes as stats

    effect = stats.stratum(
        is_in=found.is_in,
        passes=[case.passes for case in found.cases],
        cells=found.cells,
        groups=[case.context for case in found.cases],
    )
    head = {"probe": found.probe.value, "criterion": criterion.pk, "value_of": found.value}
    if effect is None:
        return head | {"n": sum(found.is_in), "why": "too_few"}
    pairs = probing.examples(found, towards=effect.value >= 0)
    return head | _told(effect) | {"examples": [[_case(one), _case(other)] for one, other in pairs]}


def _case(case: ProbedCase) -> dict[str, Any]:
    return {"item": case.item, "name": case.name, "passes": case.passes, "is_good": case.is_good}


def _told(effect: Effect) -> dict[str, Any]:
    return {
        "n": effect.n,
        "n_other": effect.n_other,
        "n_contexts": effect.n_contexts,
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p_value,
    }


def _position(judge: Judge, seats: Sequence[Rater], criterion: Criterion) -> dict[str, Any]:
    """How much more the judge likes what stands first: each pair against itself in the other order, over its raters."""
    from judge.stats import probes as stats

    ids = bulk.array(rater.pk for rater in seats)
    rows = bulk.execute(probes_sql.ORDERS, judge=judge.pk, criterion=criterion.pk, raters=ids, limit=MOST_CASES)
    sides = {label: side_of(label) for label in criterion.question.label_keys}
    leans: dict[int, list[float]] = defaultdict(list)
    known: dict[int, Sequence[Any]] = {}
    for row in rows:
        lean = probing.favour_for_first(_read(row[4]), sides)
        if lean is not None:
            leans[row[0]].append(lean)
            known[row[0]] = row
    means = {case: sum(found) / len(found) for case, found in leans.items()}
    effect = stats.paired(differences=list(means.values()), groups=[known[case][3] for case in means])
    head = {"probe": Probe.POSITION.value, "criterion": criterion.pk, "value_of": ""}
    if effect is None:
        return head | {"n": len(means), "why": "too_few" if means else "no_pairs"}
    strongest = sorted(means, key=lambda case: (-means[case] if effect.value >= 0 else means[case], case))
    examples = [[_pair(known[case], sides)] for case in strongest[: probing.MOST_EXAMPLES]]
    return head | _told(effect) | {"examples": examples}


def _of_copies(judge: Judge, seats: Sequence[Rater]) -> Iterator[dict[str, Any]]:
    """What a change that should not matter does to the probability that the case passes, by criterion and change."""
    ids = bulk.array(rater.pk for rater in seats)
    by_kind: dict[tuple[int, str], list[Sequence[Any]]] = defaultdict(list)
    for row in bulk.execute(probes_sql.COPIES, project=judge.project_id, raters=ids):
        by_kind[row[1], row[5]].append(row)
    for (criterion, arm), rows in sorted(by_kind.items()):
        yield _of_change(criterion, arm, rows)
    for probe in (Probe.PADDING, Probe.BRAND_SWAP):
        if not any(arm == probe for _, arm in by_kind):
            yield {"probe": probe.value, "criterion": None, "value_of": "", "n": 0, "why": "not_asked"}


def _of_change(criterion: int, arm: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    from judge.stats import probes as stats

    effect = stats.paired(differences=[float(row[6]) for row in rows], groups=[row[4] for row in rows])
    head = {"probe": arm, "criterion": criterion, "value_of": ""}
    if effect is None:
        return head | {"n": len(rows), "why": "too_few"}
    strongest = sorted(rows, key=lambda row: (-row[6] if effect.value >= 0 else row[6], row[0]))
    shown = [
        [{"item": row[2], "name": row[3], "plain": row[7], "changed": row[8], "by": float(row[6])}]
        for row in strongest[: probing.MOST_EXAMPLES]
    ]
    return head | _told(effect) | {"examples": shown}


def _read(by_order: Any) -> Mapping[str, Mapping[str, float]]:
    read: Mapping[str, Mapping[str, float]] = orjson.loads(by_order) if isinstance(by_order, str) else by_order
    return read


def _pair(row: Sequence[Any], sides: Mapping[str, str]) -> dict[str, Any]:
    """A pair with the likeliest label in each order."""
    best = {order: max(probs, key=lambda label: probs[label]) for order, probs in _read(row[4]).items()}
    return {"item": row[1], "name": row[2], "by_order": best}
