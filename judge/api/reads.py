"""Reading cases, decisions, labels, certificates and the health of a project. Pages go by cursor and miss nothing."""

# Without postponed annotations: ninja reads the annotations of what is decorated here from its wrapper.

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Router

from judge.actions import alarms, cells, horizons
from judge.api import schemas
from judge.api.doors import ApiRequest, Scope, operation, sees_certify
from judge.models import AgreedLabel, Case, Certificate, Decision, Project, Role
from judge.rules.routing import CellState
from judge.rules.stages import Stage
from judge.rules.streams import Stream
from judge.views import case_files, flow

router = Router(tags=["read"])

READERS = (Role.LEAD, Role.VIEWER, Role.TRAINER)
#: Labels by the page are an export: viewers look on and take nothing out.
TAKERS = (Role.LEAD, Role.TRAINER)
Status = AgreedLabel.Status


@router.get("/cases", response=schemas.CasePage)
@operation(Scope.READ, *TAKERS)
def read_cases(
    request: ApiRequest, slug: schemas.Slug, after: schemas.After, limit: schemas.Limit,
    item: schemas.Items, stage: Stage | None = None, criterion: schemas.Text = "",
) -> schemas.CasePage:  # fmt: skip
    """Cases in the order of their arrival, with their labels where there are some."""
    found = Case.objects.filter(project=request.project)
    if stage:
        found = found.filter(stage=stage)
    if criterion:
        found = found.filter(criterion__key=criterion)
    if item:
        found = found.filter(item__project=request.project, item__identity__in=item)
    rows, has_more = _page(found.select_related("item", "criterion"), after, limit)
    return schemas.CasePage(cases=_told(request, rows), next=_next(rows, after), has_more=has_more)


@router.get("/cases/{case_id}", response=schemas.CaseOut)
@operation(Scope.READ, *READERS)
def read_case(request: ApiRequest, slug: schemas.Slug, case_id: schemas.Id) -> schemas.CaseOut:
    """One case."""
    found = Case.objects.filter(project=request.project, pk=case_id).select_related("item", "criterion").first()
    if found is None:
        raise Http404(_("There is no such case in this project."))
    return _told(request, [found])[0]


@router.get("/decisions", response=schemas.DecisionPage)
@operation(Scope.READ, *READERS)
def read_decisions(
    request: ApiRequest, slug: schemas.Slug, after: schemas.After, limit: schemas.Limit,
    case: schemas.CaseId,
) -> schemas.DecisionPage:  # fmt: skip
    """Decisions in the order in which they were made; the latest of a case says why it is where it is."""
    found = Decision.objects.filter(case__project=request.project)
    if case is not None:
        found = found.filter(case=case)
    rows, has_more = _page(found.select_related("case__item", "case__criterion", "judge"), after, limit)
    told = [_decision(request, row) for row in rows]
    return schemas.DecisionPage(decisions=told, next=_next(rows, after), has_more=has_more)


@router.get("/labels", response=schemas.LabelPage)
@operation(Scope.READ, *TAKERS)
def read_labels(
    request: ApiRequest, slug: schemas.Slug, after: schemas.After, limit: schemas.Limit,
    item: schemas.Items, status: Literal["live", "in_doubt", "withdrawn", "all"] = "live",
    criterion: schemas.Text = "",
) -> schemas.LabelPage:  # fmt: skip
    """Agreed labels in the order in which they were made. A label that supersedes another comes as a row of its own.
    Labels of certify cases are told to trainers alone, as in exports."""
    found = AgreedLabel.objects.filter(criterion__project=request.project)
    if status != "all":
        found = found.filter(status=status)
    if criterion:
        found = found.filter(criterion__key=criterion)
    if item:
        found = found.filter(case__item__project=request.project, case__item__identity__in=item)
    if not sees_certify(request):
        found = found.exclude(case__item__stream=Stream.CERTIFY)
    rows, has_more = _page(found.select_related("case__item", "criterion"), after, limit)
    return schemas.LabelPage(labels=[_label(row) for row in rows], next=_next(rows, after), has_more=has_more)


@router.get("/certificates", response=schemas.Certificates)
@operation(Scope.READ, *READERS)
def read_certificates(request: ApiRequest, slug: schemas.Slug) -> schemas.Certificates:
    """Of each criterion and judge the certificate in force, else the latest test."""
    found = cells.standing(Certificate.objects.filter(project=request.project)).select_related("criterion", "judge")
    return schemas.Certificates(certificates=[_certificate(row, request.project) for row in found])


@router.get("/health", response=schemas.Health)
@operation(Scope.READ, *READERS)
def read_health(request: ApiRequest, slug: schemas.Slug) -> schemas.Health:
    """How many cases stand where, which criteria the judge may accept by itself, and whether an alarm stands."""
    project = request.project
    known, n_alarms = cells.of_project(project), len(alarms.standing(project))
    doubted = AgreedLabel.objects.filter(criterion__project=project, status=Status.IN_DOUBT).count()
    return schemas.Health(
        project=project.slug, name=project.name, task=project.task,
        rubric_version=schemas.one_or_none(project.rubric), judge_version=schemas.one_or_none(project.judge),
        is_well=n_alarms == 0, alarms=n_alarms, labels_in_doubt=doubted,
        criteria=[_criterion(part, known) for part in flow.flows(project, "en")],
    )  # fmt: skip


def _page(found: QuerySet[Any], after: int, limit: int) -> tuple[list[Any], bool]:
    """Rows after the cursor, none beyond what a slower writer may still fill."""
    last = horizons.settled(found.model)
    rows = list(found.filter(pk__gt=after, pk__lte=last).order_by("pk")[: limit + 1])
    return rows[:limit], len(rows) > limit


def _next(rows: list[Any], after: int) -> int:
    return int(rows[-1].pk) if rows else after


def _told(request: ApiRequest, rows: Iterable[Case]) -> list[schemas.CaseOut]:
    rows = list(rows)
    hidden = set() if sees_certify(request) else {row.pk for row in rows if row.item.stream == Stream.CERTIFY}
    labels = {
        label.case_id: label
        for label in AgreedLabel.objects.filter(case__in=[row.pk for row in rows if row.pk not in hidden]).exclude(
            status=Status.WITHDRAWN
        )
    }
    return [_case(row, labels.get(row.pk), is_hidden=row.pk in hidden) for row in rows]


def _case(row: Case, label: AgreedLabel | None, *, is_hidden: bool) -> schemas.CaseOut:
    return schemas.CaseOut(
        id=row.pk, item_id=row.item.identity, criterion=row.criterion.key, stage=row.stage,
        stage_since=row.stage_since, stream=row.item.stream, people_wanted=row.people_wanted,
        label=label.label if label else None, basis=label.basis if label else None,
        passes=row.criterion.question.passes(label.label) if label else None, is_hidden=is_hidden,
    )  # fmt: skip


def _label(row: AgreedLabel) -> schemas.LabelOut:
    return schemas.LabelOut(
        id=row.pk, case_id=row.case_id, item_id=row.case.item.identity, criterion=row.criterion.key, label=row.label,
        passes=row.criterion.question.passes(row.label), basis=row.basis, n_people=row.n_people, probs=row.probs,
        p_wrong=row.p_wrong, status=row.status, supersedes=row.supersedes_id, created_at=row.created_at,
    )  # fmt: skip


def _decision(request: ApiRequest, row: Decision) -> schemas.DecisionOut:
    case = row.case
    is_theirs = case_files.ANSWERING.get(Stage(case.stage)) in request.roles
    tells = case.item.stream == Stream.CERTIFY and row.reason in case_files.TELLING and not sees_certify(request)
    shown = None if is_theirs else row
    return schemas.DecisionOut(
        id=row.pk, case_id=case.pk, item_id=case.item.identity, criterion=case.criterion.key, route=row.route,
        reason=None if is_theirs or tells else row.reason, people_wanted=row.people_wanted,
        judge_version=schemas.one_or_none(row.judge), certificate=shown.certificate_id if shown else None,
        confidence=shown.confidence if shown else None, threshold=shown.threshold if shown else None,
        is_audited=shown.is_audited if shown else None, created_at=row.created_at, is_hidden=is_theirs or tells,
    )  # fmt: skip


def _certificate(row: Certificate, project: Project) -> schemas.CertificateOut:
    return schemas.CertificateOut(
        id=row.pk, criterion=row.criterion.key, judge_version=row.judge.version,
        is_of_judge_in_force=row.judge_id == project.judge_id, state=row.state, state_reason=row.state_reason,
        state_since=row.state_since, alpha=row.alpha, delta=row.delta, threshold=row.threshold, n=row.n,
        n_accepted=row.n_accepted, n_errors=row.n_errors, coverage=row.coverage, scope=row.scope,
        created_at=row.created_at,
    )  # fmt: skip


def _criterion(part: flow.Flow, known: Mapping[int, cells.Cell]) -> schemas.CriterionHealth:
    assert part.criterion is not None
    cell = known.get(part.criterion.pk, cells.UNCERTIFIED)
    return schemas.CriterionHealth(
        criterion=part.criterion.key, is_in_force=part.is_in_force, stages=dict(part.stages), labels=dict(part.bases),
        cell=cell.state.value, audit_rate=cell.rate if cell.state is CellState.CERTIFIED else None,
    )  # fmt: skip
