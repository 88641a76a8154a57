"""Runs: a frozen plan, and what is left of it counted from votes. No row says "to do": a missing vote does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from judge.actions import events, rubrics
from judge.errors import InputError
from judge.models import Case, Criterion, Judge, Project, Rater, User
from llm_judge.actions import cases, forecasts, raters
from llm_judge.actions.forecasts import Forecast
from llm_judge.models import LIVE, SILENCE, Run
from llm_judge.rules.budget import Caps
from llm_judge.rules.scoring import check_fit

#: Cases in one message to a worker: so many for each call that the endpoint takes at a time, within bounds. Enough
#: that the end of a batch, when few calls are under way, is a small part of it; few enough to stop a worker soon.
PER_CALL, SMALLEST_BATCH, LARGEST_BATCH = 16, 32, 2048
#: A run whose judge could not be asked is left in peace for so long.
REST = timedelta(seconds=15)

#: Spend what it takes.
NO_CAPS = Caps()

Status, Place = Run.Status, Run.Place


@transaction.atomic
def start(
    project: Project,
    *,
    by: User | None,
    limit: int | None = None,
    criteria: Sequence[str] = (),
    place: Run.Place = Run.Place.QUEUE,
    judge: Judge | None = None,
    caps: Caps = NO_CAPS,
) -> Run:
    """Freeze a plan: what ``judge`` (the judge in force without one) has not judged yet, oldest cases first, at most
    ``limit`` of them. The run stops before it breaks a cap.

    A run that was stopped or left behind is replaced by the new one: what it judged counts. Raises InputError where
    there is no judge, nothing to judge, or workers are on a run of this judge already.
    """
    locked = Project.objects.select_related("judge").select_for_update(of=("self",), no_key=True)
    project = locked.get(pk=project.pk)  # one start at a time
    judge = _find_judge(project, judge)
    wanted = _criteria(project, criteria)
    _check_fits(judge, wanted)
    _replace_live_run(judge, by=by)
    cases.refresh_statistics()
    plan = _freeze(project, judge, wanted, limit)
    expected = _expect(project, judge, plan)
    run = Run.objects.create(
        project=project,
        judge=judge,
        by=by,
        place=place,
        plan=plan,
        n_planned=sum(n for _, n in _owed(project, judge, plan)),
        forecast=expected.as_record(),
        **asdict(caps),
    )
    events.note(project, "run started", by=by, subject=f"run:{run.pk}", cases=expected.n_cases, judge=judge.pk)
    return run


def forecast(
    project: Project, *, judge: Judge | None = None, criteria: Sequence[str] = (), limit: int | None = None
) -> Forecast:
    """What such a run would take, without starting it. Raises InputError as ``start`` does."""
    judge = _find_judge(project, judge)
    wanted = _criteria(project, criteria)
    _check_fits(judge, wanted)
    return _expect(project, judge, _freeze(project, judge, wanted, limit))


def begin(run: Run) -> bool:
    """Take a queued run up; False when somebody was faster or it is no longer wanted."""
    is_ours = Run.objects.filter(pk=run.pk, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=Now(), progressed_at=Now()
    )
    run.refresh_from_db()
    return bool(is_ours)


def remaining(run: Run) -> QuerySet[Case]:
    """The cases of the plan that still miss a vote of the run's judge."""
    return cases.without_vote(_planned(run.project, run.plan), raters.seated(run.judge))


def count_left(project: Project, criteria: Sequence[str] = (), *, judge: Judge | None = None) -> int:
    """How many cases a run that starts now would judge; none without a judge."""
    chosen = judge or project.judge
    return _unjudged(project, chosen, _criteria(project, criteria)).count() if chosen else 0


def batches(run: Run, size: int | None = None) -> Iterator[list[int]]:
    """The remaining cases in lists of ids, cases of one criterion and context side by side; memory stays flat."""
    size, batch = size or _batch_size(run), []
    ids = remaining(run).order_by(*cases.PREFIX_ORDER).values_list("pk", flat=True)
    for case_id in ids.iterator(chunk_size=5_000):
        batch.append(case_id)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def advance(run: Run) -> Run:
    """Finish the run if no vote is missing any more, and set its progress right by the rows."""
    n_left = sum(n for _, n in _owed(run.project, run.judge, run.plan)) if run.is_live else 0
    n_done = max(0, run.n_planned - n_left)
    if run.is_live and n_left == 0:
        end(run, Status.DONE, n_done=n_done, trouble="")
    elif run.is_live:
        Run.objects.filter(pk=run.pk).update(n_done=n_done)
    run.refresh_from_db()
    return run


def end(run: Run, status: Run.Status, **columns: Any) -> None:
    """End a live run with ``status``; one that ended already stays as it is."""
    live = Run.objects.filter(pk=run.pk, status__in=LIVE)
    live.update(status=status, finished_at=Now(), **columns)
    run.refresh_from_db()


@transaction.atomic
def steer(run: Run, wish: str, *, by: User) -> Run:
    """``pause``, ``resume`` or ``cancel`` a run; workers notice between two chunks. Raises InputError for others."""
    if wish == "pause":
        Run.objects.filter(pk=run.pk, status__in=(Status.QUEUED, Status.RUNNING)).update(status=Status.PAUSED)
    elif wish == "resume":
        Run.objects.filter(pk=run.pk, status=Status.PAUSED).update(
            status=Status.QUEUED, place=Place.QUEUE, trouble="", trouble_at=None
        )
    elif wish == "cancel":
        end(run, Status.CANCELLED)
    else:
        raise InputError(f'a run cannot be told to "{wish}"', expected="pause, resume, cancel")
    events.note(run.project, f"run: {wish}", by=by, subject=f"run:{run.pk}")
    run.refresh_from_db()
    return run


def is_resting(run: Run) -> bool:
    """The judge could not be asked a moment ago, so other batches of the run need not try."""
    return run.trouble_at is not None and timezone.now() - run.trouble_at < REST


def silent_runs(since: timedelta = SILENCE) -> list[Run]:
    """Queue runs without progress for a while: their messages may be lost with a broker or a killed worker."""
    before = timezone.now() - since
    quiet = Q(progressed_at__lt=before) | Q(progressed_at=None, created_at__lt=before)
    live = Run.objects.filter(place=Place.QUEUE, status__in=(Status.QUEUED, Status.RUNNING))
    return list(live.filter(quiet).select_related("project", "judge"))


def _batch_size(run: Run) -> int:
    in_flight = [sum(each.max_in_flight for each in raters.endpoints_of(one)) for one in raters.seated(run.judge)]
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, PER_CALL * max(in_flight, default=1)))


def _find_judge(project: Project, wanted: Judge | None) -> Judge:
    judge = wanted or project.judge
    if judge is None:
        first = f"Run: manage.py judge_items {project.slug}"
        raise InputError(f"{project.name} has no judge in force", next_step=first)
    if judge.project_id != project.pk:
        raise InputError(f"{judge.name} is a judge of another project", expected=f"a judge of {project.name}")
    return judge


def _criteria(project: Project, keys: Sequence[str]) -> list[Criterion]:
    in_force = rubrics.criteria_in_force(project)
    known = [criterion.key for criterion in in_force]
    for key in keys:
        if key not in known:
            raise InputError(f'there is no criterion "{key}"', expected=", ".join(known))
    return [criterion for criterion in in_force if not keys or criterion.key in keys]


def _check_fits(judge: Judge, criteria: Sequence[Criterion]) -> None:
    for rater in raters.seated(judge):
        configuration = raters.configuration_of(rater)
        for criterion in criteria:
            check_fit(criterion.question, configuration)


def _unjudged(project: Project, judge: Judge, criteria: Sequence[Criterion]) -> QuerySet[Case]:
    return cases.without_vote(Case.objects.filter(project=project, criterion__in=criteria), raters.seated(judge))


def _freeze(project: Project, judge: Judge, criteria: Sequence[Criterion], limit: int | None) -> dict[str, Any]:
    """The plan is a bound, not a list: of a million cases it keeps one number. With a limit the bound is the id of
    the last case within it."""
    left = _unjudged(project, judge, criteria)
    within = Case.objects.filter(pk__in=left.order_by("pk").values("pk")[:limit]) if limit else left
    bound = within.aggregate(bound=Max("pk"))["bound"]
    if bound is None:
        raise InputError(f"{judge.name} has judged every case of {project.name} already")
    return {"bound": bound, "criteria": [criterion.pk for criterion in criteria]}


def _planned(project: Project, plan: Mapping[str, Any]) -> QuerySet[Case]:
    return Case.objects.filter(project=project, criterion__in=plan["criteria"], pk__lte=plan["bound"])


def _owed(project: Project, judge: Judge, plan: Mapping[str, Any]) -> list[tuple[Rater, int]]:
    """How many answers of the plan each rater of the judge still owes."""
    planned = _planned(project, plan)
    return [(rater, cases.without_vote(planned, [rater]).count()) for rater in raters.seated(judge)]


def _expect(project: Project, judge: Judge, plan: Mapping[str, Any]) -> Forecast:
    return forecasts.forecast(project, judge, _planned(project, plan), _owed(project, judge, plan))


def _replace_live_run(judge: Judge, *, by: User | None) -> None:
    live = Run.objects.filter(judge=judge, status__in=LIVE).first()
    if live is None:
        return
    if live.status != Status.PAUSED and not live.is_silent:
        raise InputError(
            f"run {live.pk} of {judge.name} is under way ({live.n_done} of {live.n_planned} judged)",
            next_step="Wait for it, or pause it on the page Judging; one that was killed can be replaced soon.",
        )
    end(live, Status.CANCELLED)
    events.note(judge.project, "run replaced", by=by, subject=f"run:{live.pk}")
