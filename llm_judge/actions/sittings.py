"""A run judged here and now, in the calling process: what commands do where no queue is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count

from judge.models import Judge, Project, Purpose, User
from llm_judge.actions import batches, raters, runs
from llm_judge.models import Run
from llm_judge.rules.budget import Caps


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: shown while it goes on."""

    run: Run
    n_done: int
    n_unscored: int
    trouble: str = ""


def judge_here(
    project: Project,
    *,
    by: User | None,
    limit: int | None = None,
    criteria: tuple[str, ...] = (),
    judge: Judge | None = None,
    caps: Caps = runs.NO_CAPS,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Start a run and judge it in this process, with word after each chunk; ``judge``: the judge in force without one.

    Ends early where ``should_stop()`` says so (the run is then paused), a cap is reached (then it is stopped) or the
    judge is in trouble (then it failed);
    what is left is judged by the next run. Raises InputError where there is nothing to judge.
    """
    run = runs.start(project, by=by, limit=limit, criteria=criteria, place=Run.Place.COMMAND, judge=judge, caps=caps)
    runs.begin(run)
    while run.status == Run.Status.RUNNING:  # again where tries failed: a few times, then they are set aside
        for portions in batches.streams(run):
            yield from _sit(run, portions, should_stop)
            if run.status != Run.Status.RUNNING:
                break
        else:
            runs.advance(run)
    yield Progress(run, run.n_done, run.n_unscored)


def _sit(run: Run, portions: Iterable[Sequence[int]], should_stop: Callable[[], bool]) -> Iterator[Progress]:
    for batch in batches.work(run.pk, portions):
        if should_stop():
            Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(status=Run.Status.PAUSED)
        run.refresh_from_db()
        yield Progress(run, run.n_done, run.n_unscored, batch.trouble)
        if batch.trouble and run.is_live:
            runs.end(run, Run.Status.FAILED, trouble=batch.trouble)


def count_unscored(run: Run) -> dict[str, int]:
    """Why answers of this run hold no label, most frequent first."""
    rows = run.completions.filter(judgment__purpose=Purpose.VOTE, judgment__label=None, judgment__isnull=False)
    counted = rows.values_list("error_kind").annotate(n=Count("pk")).order_by("-n", "error_kind")
    return dict(counted)


def describe_judge(judge: Judge | None) -> str:
    """A judge in one line."""
    if judge is None:
        return "no judge"
    names = ", ".join(rater.name for rater in raters.seated(judge))
    return f"judge {judge.version} ({names})"
