"""What the court may have machines do, by the registry: start a run of the judge in force, and look how far it is."""

from __future__ import annotations

from collections.abc import Sequence

from judge import registry
from judge.actions import queues
from judge.models import Project, User
from judge.registry import RunFacts
from llm_judge.actions import dispatch, runs
from llm_judge.models import Run
from llm_judge.rules.budget import Caps


def start(
    project: Project, *, by: User | None, criteria: Sequence[str] = (), limit: int | None = None,
    max_tokens: int | None = None, max_cost: float | None = None, max_minutes: float | None = None,
) -> RunFacts:  # fmt: skip
    """Freeze a plan and wake the workers. Raises InputError as runs.start does, ServiceError where nobody would work;
    then nothing is started."""
    queues.check_broker()
    caps = Caps(max_tokens=max_tokens, max_cost=max_cost, max_minutes=max_minutes)
    run = runs.start(project, by=by, criteria=criteria, limit=limit, caps=caps)
    dispatch.enqueue(run)
    return facts(run)


def look(project: Project, run_id: int) -> RunFacts | None:
    run = Run.objects.filter(project=project, pk=run_id).select_related("judge").first()
    return facts(run) if run else None


def facts(run: Run) -> RunFacts:
    return RunFacts(
        run.pk, run.status, run.judge.version, run.n_planned, run.n_done, run.trouble, run.created_at
    )  # fmt: skip


DOOR = registry.RunDoor(start, look)
