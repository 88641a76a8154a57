"""The demo's machines: verdicts of an earlier real run, and a share of cases left for the model to judge live."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from judge import demo
from judge.actions import case_locks, decisions
from judge.actions import demo as shop
from judge.actions.demo import Say
from judge.errors import CojudgeError, InputError
from judge.models import Case, Item, Project
from judge.rules.routing import FIRST_PEOPLE, Reason
from llm_judge.actions import dispatch, recordings, runs, sittings
from llm_judge.models import Run

RECORDED = demo.FOLDER / "recorded"
#: Items of each project without any answer of the demo people that the model judges live: ≥ 50 cases in all.
LIVE_ITEMS = 8


def seed(project: Project, say: Say) -> None:
    """Replay the recorded verdicts, but for a few items; all is judged live where another configuration recorded."""
    path = recording(project.task)
    try:
        if not path.exists():
            raise InputError("no recorded verdicts are shipped", where=path.name)
        replayed = recordings.replay(project, path, skip_items=live_items(project))
    except InputError as error:
        say(f"{project.name}: {error}. Every case is judged live instead; that takes a while.")
        _send_answered_to_people(project)
        return
    say(f"{project.name}: {replayed.n_recorded} verdicts of an earlier run of the same model, marked as recorded")


def start(projects: Sequence[Project], say: Say) -> None:
    """Queue a run for each project in which cases wait for the judge; a run that goes on already is left alone."""
    for project in projects:
        try:
            run = runs.start(project, by=None)
            dispatch.enqueue(run)
        except CojudgeError:
            continue  # nothing to judge, or a run is under way: the pages say which
        say(f"{project.name}: {run.n_planned} cases are being judged live now")


def record(say: Say) -> None:
    """Judge the whole demo shop with the embedded model, here, and write the recorded verdicts anew."""
    RECORDED.mkdir(exist_ok=True)
    for project in shop.seed(say, judge="embedded", is_bare=True):
        left = sittings.judge_here(project, by=None) if runs.count_left(project) else ()
        for number, progress in enumerate(left):
            if number % 20 == 0:
                say(f"{project.slug}: {progress.n_done} of {progress.run.n_planned}")
        n_written = recordings.write(project, recording(project.task))
        say(f"{recording(project.task).name}: {n_written} verdicts")


def recording(task: str) -> Path:
    return RECORDED / f"{task}.jsonl"


def _send_answered_to_people(project: Project) -> None:
    """Without verdicts nothing waits for people yet: ask them about what the demo people are going to answer."""
    answered = Case.objects.filter(project=project, item__identity__in=_answered()).values_list("pk", flat=True)
    cases = list(case_locks.lock(list(answered)).values())
    decisions.ask_people(project, cases, reason=Reason.REQUESTED, people=FIRST_PEOPLE)


def _answered() -> set[str]:
    """The ids of items that demo people answer."""
    with (demo.FOLDER / "answers.jsonl").open(encoding="utf-8") as file:
        return {json.loads(line)["item_id"] for line in file}


def live_items(project: Project) -> frozenset[str]:
    """The first items that no demo person answers."""
    untouched = Item.objects.filter(project=project).exclude(identity__in=_answered()).order_by("pk")
    return frozenset(untouched.values_list("identity", flat=True)[:LIVE_ITEMS])


def progress_line() -> str:
    """One line on runs under way, empty when there are none."""
    live = list(Run.objects.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING]).only("n_done", "n_planned"))
    return f"judging: {sum(run.n_done for run in live)} of {sum(run.n_planned for run in live)} cases" if live else ""
