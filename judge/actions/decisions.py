"""Decisions: where cases go and why. The rule is pure (judge.rules.routing); here it is applied and kept."""

from __future__ import annotations

import os
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from judge.actions import bulk, cells, rates
from judge.actions.bulk import LockedCase
from judge.actions.cells import UNCERTIFIED, Cell
from judge.actions.prepared import fetch
from judge.models import Case, Decision, Policy, Project, User, Verdict
from judge.rules import queueing
from judge.rules.information import share_of_most
from judge.rules.routing import Evidence, Reason, Route, Routing, decide, why_people
from judge.rules.stages import Stage, may_move
from judge.rules.streams import Stream
from judge.rules.verdicts import Doubt, Opinion


def route(
    project: Project,
    cases: Sequence[Case] | Sequence[LockedCase],
    *,
    verdicts: Mapping[int, Opinion | Verdict],
    rate: float | None = None,
) -> int:
    """Decide on cases that nobody has touched and move them on; returns how many the judge accepted. A case without
    a verdict stays where it is, unless the project has no judge in force. The caller holds the cases' locks.

    ``rate``: π where these are part of a greater batch; else it follows from how many are accepted here.
    """
    policy, known = _policy(project), _cells(project, cases, verdicts, rate)
    terms, moves, rows, priorities = policy.terms, [], [], {}
    draws = iter(_draw(len(cases)))
    for case in cases:
        verdict = verdicts.get(case.pk)
        if verdict is None and project.judge_id is not None:
            continue
        cell = known.get(case.criterion_id, UNCERTIFIED)
        routing = decide(evidence(case, verdict, cell, draw=next(draws)), terms)
        moves.append((case, _stage(routing), routing.people_wanted))
        rows.append(_row(case, routing, verdict, cell))
        priorities[case.pk] = _priority(routing.reason, verdict)
    move(moves, priorities)
    decided = dict(bulk.insert(bulk.INSERT_DECISIONS, rows, judge=project.judge_id, policy=policy.pk))
    accepted = [row["case_id"] for row in rows if row["route"] == Route.ACCEPT]
    if accepted:
        labelled = [{"case_id": case_id, "decision_id": decided[case_id]} for case_id in accepted]
        bulk.insert(bulk.INSERT_ACCEPTED_LABELS, labelled, judge=project.judge_id)
        mark_references(row["case_id"] for row in rows if row["is_audited"])
    return len(accepted)


def mark_references(case_ids: Iterable[int]) -> None:
    """People's answers to these cases measure a judge: exactly three are asked, and training leaves them alone."""
    bulk.execute(bulk.MARK_REFERENCES, ids=bulk.array(case_ids))


def ask_people(
    project: Project,
    cases: Sequence[Case],
    *,
    reason: Reason,
    people: int,
    by: User | None = None,
    probability: float | None = None,
) -> list[Decision]:
    """Ask ``people`` more people about each case: the only way in which ``people_wanted`` rises.

    ``probability``: π, where a draw chose the cases. The caller holds the cases' locks.
    """
    wanted = {case.pk: case.people_wanted + people for case in cases}
    rows = [
        Decision(
            case=case,
            route=Route.PEOPLE,
            reason=reason,
            people_wanted=wanted[case.pk],
            policy=_policy(project),
            judge=project.judge,
            by=by,
            audit_probability=probability,
        )
        for case in cases
    ]
    place = queueing.priority(reason)
    move([(case, Stage.PEOPLE, wanted[case.pk]) for case in cases], dict.fromkeys(wanted, place))
    return list(Decision.objects.bulk_create(rows))


def evidence(
    case: Case | LockedCase, verdict: Opinion | Verdict | None, cell: Cell = UNCERTIFIED, *, draw: float
) -> Evidence:
    """What is known of a case when it is routed. ``draw``: the audit's, made before anybody sees the case."""
    return Evidence(
        stream=Stream(case.stream),
        confidence=verdict.confidence if verdict else None,
        is_unscored=verdict is not None and verdict.label is None,
        judges_disagree=verdict is not None and verdict.doubt == Doubt.JUDGES_DISAGREE,
        is_suspicious=verdict is not None and verdict.doubt == Doubt.SUSPICIOUS,
        cell=cell.state,
        threshold=cell.threshold,
        audit_probability=cell.rate,
        audit_draw=draw,
    )


def move(
    moves: Iterable[tuple[Case | LockedCase, Stage, int]], priorities: Mapping[int, int | None] = MappingProxyType({})
) -> None:
    """Put cases on their stages with the people they want, one statement for each distinct target.

    ``priorities``: by case id; others keep theirs.
    """
    groups: dict[tuple[Stage, int, int | None], list[Case | LockedCase]] = defaultdict(list)
    for case, stage, people_wanted in moves:
        assert stage == case.stage or may_move(Stage(case.stage), stage), f"case {case.pk}: {case.stage} to {stage}"
        groups[stage, people_wanted, priorities.get(case.pk)].append(case)
    for (stage, people_wanted, priority), cases in groups.items():
        ids = bulk.array(case.pk for case in cases)
        fetch(bulk.MOVE, stage=stage.value, people_wanted=people_wanted, priority=priority, ids=ids)
        for case in cases:
            case.stage, case.people_wanted = stage, people_wanted


def _draw(n: int) -> list[float]:
    """So many numbers from [0, 1). Nobody can foresee which acceptance is audited."""
    # In one go: each question to the system hands the interpreter to the thread that talks to the model server.
    return [(bits >> 11) * 2.0**-53 for (bits,) in struct.iter_unpack("=Q", os.urandom(8 * n))]


def _cells(
    project: Project,
    cases: Sequence[Case] | Sequence[LockedCase],
    verdicts: Mapping[int, Opinion | Verdict],
    rate: float | None,
) -> Mapping[int, Cell]:
    """The cells of the judge in force, with π of what is accepted now: set before anything is drawn."""
    known = cells.of_project(project) if cases else {}
    if rate is not None:
        return {each: replace(cell, rate=rate) for each, cell in known.items()}
    accepting = Counter(case.criterion_id for case in cases if _would_accept(case, verdicts.get(case.pk), known))
    return rates.of_cells(known, accepting) if accepting else known


def _would_accept(case: Case | LockedCase, verdict: Opinion | Verdict | None, known: Mapping[int, Cell]) -> bool:
    cell = known.get(case.criterion_id, UNCERTIFIED)
    return cell.threshold is not None and why_people(evidence(case, verdict, cell, draw=1.0)) is None


def _priority(reason: Reason, verdict: Opinion | Verdict | None) -> int | None:
    """Text that commands the judge made its p̂, so that says nothing of what people will say."""
    if not queueing.needs_information(reason) or verdict is None or verdict.doubt == Doubt.SUSPICIOUS:
        return queueing.priority(reason)
    return queueing.priority(reason, share_of_most(verdict.probs or {}))


def _row(case: Case | LockedCase, routing: Routing, verdict: Opinion | Verdict | None, cell: Cell) -> dict[str, Any]:
    """What ``bulk.INSERT_DECISIONS`` takes."""
    return {
        "case_id": case.pk,
        "route": routing.route.value,
        "reason": routing.reason.value,
        "people_wanted": routing.people_wanted,
        "certificate_id": cell.certificate_id,
        "confidence": verdict.confidence if verdict else None,
        "threshold": routing.threshold,
        "is_audited": routing.is_audited,
        "audit_probability": routing.audit_probability,
    }


def _stage(routing: Routing) -> Stage:
    return Stage.PEOPLE if routing.people_wanted else Stage.ACCEPTED


def _policy(project: Project) -> Policy:
    assert project.policy is not None, f"project {project.slug} has no policy in force"
    return project.policy
