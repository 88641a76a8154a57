"""Decisions: where cases go and why. The rule is pure (judge.rules.routing); here it is applied and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models.functions import Now

from judge.models import Case, Decision, Policy, Project, User, Verdict
from judge.rules.routing import Evidence, Reason, Route, Routing, decide
from judge.rules.stages import Stage, may_move
from judge.rules.streams import Stream
from judge.rules.verdicts import Doubt


def route(project: Project, cases: Sequence[Case], *, verdicts: Mapping[int, Verdict]) -> list[Decision]:
    """Decide on cases that nobody has touched and move them on. A case without a verdict stays where it is, unless
    the project has no judge in force. The caller holds the cases' locks."""
    ready = [case for case in cases if project.judge is None or case.pk in verdicts]
    routings = {case.pk: decide(evidence(case, verdicts.get(case.pk)), _policy(project).terms) for case in ready}
    rows = [_row(project, case, routings[case.pk], verdicts.get(case.pk)) for case in ready]
    move((case, _stage(routings[case.pk]), routings[case.pk].people_wanted) for case in ready)
    return list(Decision.objects.bulk_create(rows))


def ask_people(
    project: Project, cases: Sequence[Case], *, reason: Reason, people: int, by: User | None = None
) -> list[Decision]:
    """Ask ``people`` more people about each case: the only way in which ``people_wanted`` rises.

    The caller holds the cases' locks.
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
        )
        for case in cases
    ]
    move((case, Stage.PEOPLE, wanted[case.pk]) for case in cases)
    return list(Decision.objects.bulk_create(rows))


def evidence(case: Case, verdict: Verdict | None) -> Evidence:
    """What is known of a case when it is routed. Certificates do not exist yet: every cell is uncertified."""
    return Evidence(
        stream=Stream(case.item.stream),
        confidence=verdict.confidence if verdict else None,
        is_unscored=verdict is not None and verdict.label is None,
        judges_disagree=verdict is not None and verdict.doubt == Doubt.JUDGES_DISAGREE,
        is_suspicious=verdict is not None and verdict.doubt == Doubt.SUSPICIOUS,
    )


def move(moves: Iterable[tuple[Case, Stage, int]]) -> None:
    """Put cases on their stages with the people they want, one statement for each distinct target."""
    groups: dict[tuple[Stage, int], list[Case]] = defaultdict(list)
    for case, stage, people_wanted in moves:
        assert stage == case.stage or may_move(Stage(case.stage), stage), f"case {case.pk}: {case.stage} to {stage}"
        groups[stage, people_wanted].append(case)
    for (stage, people_wanted), cases in groups.items():
        Case.objects.filter(pk__in=[case.pk for case in cases]).update(
            stage=stage, people_wanted=people_wanted, stage_since=Now()
        )
        for case in cases:
            case.stage, case.people_wanted = stage, people_wanted


def _row(project: Project, case: Case, routing: Routing, verdict: Verdict | None) -> Decision:
    return Decision(
        case=case,
        route=routing.route,
        reason=routing.reason,
        people_wanted=routing.people_wanted,
        judge=project.judge,
        policy=_policy(project),
        confidence=verdict.confidence if verdict else None,
        threshold=routing.threshold,
        is_audited=routing.is_audited,
        audit_probability=routing.audit_probability,
    )


def _stage(routing: Routing) -> Stage:
    return Stage.PEOPLE if routing.people_wanted else Stage.ACCEPTED


def _policy(project: Project) -> Policy:
    assert project.policy is not None, f"project {project.slug} has no policy in force"
    return project.policy
