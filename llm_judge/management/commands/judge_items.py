"""manage.py judge_items PROJECT: let the judge in force answer what it has not answered yet."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from judge import registry
from judge.actions import projects
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Project
from llm_judge.actions import calls, dispatch, runs, setups, sittings
from llm_judge.management.progress import ProgressLine, StopSign
from llm_judge.models import Run


class Command(CojudgeCommand):
    help = "Let the judge in force answer every case of a project that it has not answered yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="slug or name of the project")
        parser.add_argument("--limit", type=int, metavar="N", help="judge at most N cases, oldest first")
        parser.add_argument("--criterion", action="append", default=[], metavar="KEY", help="only this criterion")
        parser.add_argument("--judge", choices=sorted(setups.SETUPS), help="put this judge in force first")
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--in-process", dest="queue", action="store_false", help="judge here (the default)")
        place.add_argument("--queue", action="store_true", help="leave it to the background workers and watch")
        parser.set_defaults(queue=False)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._judge(**options)
        finally:
            calls.close()

    def _judge(
        self, *, project: str, limit: int | None, criterion: list[str], judge: str | None, queue: bool, **_: Any
    ) -> None:
        if limit is not None and limit < 1:
            raise InputError(f"--limit {limit}", expected="at least 1")
        found = find_project(project)
        if queue and not dispatch.worker_names():
            raise InputError("no worker answers on the queue", next_step=dispatch.START)
        chosen = self._seat_judge(found, judge)
        if not runs.count_left(chosen, criterion):
            self.stdout.write(f"Every case of {chosen.name} is judged already by {sittings.describe_judge(chosen)}.")
            return
        if queue:
            self._watch(chosen, limit, tuple(criterion))
        else:
            self._sit(chosen, limit, tuple(criterion))

    def _seat_judge(self, project: Project, wanted: str | None) -> Project:
        if wanted or project.judge is None:
            projects.set_up_judge(project, wanted or registry.default_judge(), by=None)
            self.stdout.write(f"In force now: {sittings.describe_judge(project)}")
        else:
            self.stdout.write(f"In force: {sittings.describe_judge(project)}")
        return project

    def _sit(self, project: Project, limit: int | None, criteria: tuple[str, ...]) -> None:
        line, last = ProgressLine(self.stderr), None
        with StopSign() as stop:
            sitting = sittings.judge_here(
                project, by=None, limit=limit, criteria=criteria, should_stop=lambda: stop.is_seen
            )
            for last in sitting:
                line.show(last)
        line.end()
        if last is not None and last.run.status == Run.Status.PAUSED:
            again = f"manage.py judge_items {project.slug}"
            raise CommandError(f"Stopped. What was answered is kept; to go on: {again}", returncode=130)
        if last is not None:
            self._sum_up(last.run, line.seconds)

    def _watch(self, project: Project, limit: int | None, criteria: tuple[str, ...]) -> None:
        run = runs.start(project, by=None, limit=limit, criteria=criteria, place=Run.Place.QUEUE)
        dispatch.enqueue(run)
        line = ProgressLine(self.stderr)
        try:
            while run.is_live:
                time.sleep(0.5)
                run.refresh_from_db()
                line.show(sittings.Progress(run, run.n_done, run.n_unscored, run.trouble))
        except KeyboardInterrupt:
            line.end()
            self.stdout.write(f"Not watching any longer; the workers go on with run {run.pk} (see the page Runs).")
            return
        line.end()
        self._sum_up(run, line.seconds)

    def _sum_up(self, run: Run, seconds: float) -> None:
        unscored = sittings.count_unscored(run)
        named = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in unscored.items())
        rate = f", {60 * run.n_done / seconds:,.0f} a minute" if seconds > 0 else ""
        said = f"Run {run.pk} {run.get_status_display()}: {run.n_done} of {run.n_planned} cases judged{rate}; "
        said += f"{run.n_unscored} unscored" + (f" ({named})" if named else "")
        if run.status == Run.Status.DONE:
            self.stdout.write(said)
            return
        again = f"To go on: manage.py judge_items {run.project.slug}"
        raise CommandError(f"{said}.\n{run.trouble or 'It was stopped from elsewhere.'}\n{again}")
