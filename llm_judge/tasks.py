"""What background workers do: ids in, one action call. The truth is votes in Postgres; a lost message is no loss."""

from __future__ import annotations

from collections.abc import Sequence

from celery import shared_task

from llm_judge.actions import batches, dispatch, fittings, probe_runs, students, trials


@shared_task
def judge_batch(run_id: int, case_ids: Sequence[int]) -> None:
    batches.judge_batch(run_id, case_ids)


@shared_task
def start_run(run_id: int) -> None:
    dispatch.begin(run_id, send=judge_batch.delay)


@shared_task
def sweep_runs() -> None:
    dispatch.sweep(send=judge_batch.delay)


@shared_task
def try_prompt(trial_id: int) -> None:
    trials.run(trial_id)


@shared_task
def refit_students() -> None:
    students.refit_due()


@shared_task
def fit_student(project_id: int, user_id: int) -> None:
    fittings.run(project_id, user_id)


@shared_task
def probe_judge(judge_id: int) -> None:
    probe_runs.run(judge_id)


@shared_task
def probe_judges() -> None:
    """Probe judges that came in force since, where a lead once asked for it."""
    probe_runs.run_due()
