"""Recorded judgments: an earlier real run in a file, put through the door again and marked as what it is.

The first line says who answered; each further line is one answer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any

from django.utils import timezone

from judge.actions import judgments, rubrics
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Case, Judgment, Project, Purpose, Rater
from llm_judge.actions import raters

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did. Known answers were there before; unknown ones name an item or criterion not in the project."""

    n_recorded: int
    n_known: int
    n_unknown: int
    n_skipped: int


def write(project: Project, path: Path) -> int:
    """Write the votes of the judge in force on the rubric in force; how many. The file appears whole or not at all."""
    rater = _rater(project)
    header = {
        "rater": rater.name,
        "configuration": rater.configuration,
        "configuration_hash": rater.configuration_hash,
        "recorded_on": timezone.localdate().isoformat(),
    }
    draft = path.with_name(f"{path.name}.part")
    n_written = 0
    with draft.open("w", encoding="utf-8") as file:
        file.write(_line(header))
        for vote in _votes(project, rater):
            file.write(_line(_record(vote)))
            n_written += 1
    draft.replace(path)
    return n_written


def replay(project: Project, path: Path, *, skip_items: Collection[str] = frozenset()) -> Replayed:
    """Put recorded answers through the door, with their origin, under the same rater; twice adds nothing.

    Answers to ``skip_items`` (ids) are left out, to be judged live. Raises InputError when another configuration
    gave the answers than the judge in force has.
    """
    rater = _rater(project)
    tally = _Tally(set(skip_items))
    with path.open(encoding="utf-8") as file:
        header = _check_header(_parse(file.readline(), f"{path.name}, line 1"), rater, path.name)
        for chunk in batched(_records(file, path.name), CHUNK):
            new = _resolve(project, chunk, tally)
            recorded = judgments.record(new, rater=rater, origin=f"recorded run of {header['recorded_on']}")
            tally.n_recorded += len(recorded.ids)
            tally.n_known += recorded.n_known
    return Replayed(tally.n_recorded, tally.n_known, tally.n_unknown, tally.n_skipped)


@dataclass(slots=True)
class _Tally:
    skipped_items: set[str] = field(default_factory=set)
    n_recorded: int = 0
    n_known: int = 0
    n_unknown: int = 0
    n_skipped: int = 0


def _rater(project: Project) -> Rater:
    if project.judge is None:
        raise InputError(f"{project.name} has no judge in force", next_step="Put one in force first.")
    return raters.seated(project.judge)[0]


def _votes(project: Project, rater: Rater) -> Iterator[Judgment]:
    votes = Judgment.objects.filter(
        rater=rater,
        purpose=Purpose.VOTE,
        retracted_at=None,
        case__project=project,
        criterion__in=rubrics.criteria_in_force(project),
    )
    return votes.select_related("case__item", "criterion", "text").order_by("case_id").iterator(chunk_size=2_000)


def _record(vote: Judgment) -> dict[str, Any]:
    record = {
        "item_id": vote.case.item.identity,
        "criterion": vote.criterion.key,
        "label": vote.label,
        "probs": vote.probs,
        "outside_mass": vote.outside_mass,
        "unscored_reason": vote.unscored_reason,
    }
    kept = {"by_order": vote.by_order, "rationale": vote.text.rationale if vote.text else ""}
    return record | {name: value for name, value in kept.items() if value}


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise InputError("this is no JSON object", where=where, expected="a recording, one object a line")
    return parsed


def _check_header(header: Mapping[str, Any], rater: Rater, name: str) -> Mapping[str, Any]:
    if "recorded_on" not in header or header.get("configuration_hash") != rater.configuration_hash:
        raise InputError(
            f'the answers are of another judge ("{header.get("rater", "unknown")}")',
            where=name,
            expected=f'"{rater.name}" with the configuration {rater.configuration_hash[:12]}',
            next_step="Record them anew with the judge in force.",
        )
    return header


def _records(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 2):
        record = _parse(line, f"{name}, line {number}")
        if not isinstance(record.get("item_id"), str) or not isinstance(record.get("criterion"), str):
            raise InputError("an answer names no case", where=f"{name}, line {number}", expected="item_id, criterion")
        yield record


def _resolve(project: Project, records: Collection[Mapping[str, Any]], tally: _Tally) -> list[NewJudgment]:
    """The answers to cases that the project has and that are not to be skipped."""
    wanted = [each for each in records if each["item_id"] not in tally.skipped_items]
    tally.n_skipped += len(records) - len(wanted)
    cases = Case.objects.filter(
        project=project,
        item__identity__in={each["item_id"] for each in wanted},
        criterion__in=rubrics.criteria_in_force(project),
    )
    ids = {(identity, key): pk for pk, identity, key in cases.values_list("pk", "item__identity", "criterion__key")}
    known = [each for each in wanted if (each["item_id"], each["criterion"]) in ids]
    tally.n_unknown += len(wanted) - len(known)
    return [_judgment(ids[each["item_id"], each["criterion"]], each) for each in known]


def _judgment(case_id: int, record: Mapping[str, Any]) -> NewJudgment:
    return NewJudgment(
        case_id,
        record.get("label"),
        unscored_reason=record.get("unscored_reason", ""),
        probs=record.get("probs"),
        outside_mass=record.get("outside_mass"),
        by_order=record.get("by_order"),
        rationale=record.get("rationale", ""),
    )
