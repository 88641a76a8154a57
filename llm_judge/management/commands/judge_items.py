"""manage.py judge_items PROJECT: let the judge in force answer what it has not answered yet."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from judge import registry
from judge.actions import projects
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Judge, Project
from llm_judge.actions import calls, dispatch, runs, setups, sittings
from llm_judge.actions.forecasts import Forecast
from llm_judge.management import elsewhere
from llm_judge.management.progress import ProgressLine, StopSign
from llm_judge.models import Run
from llm_judge.rules.budget import Caps


class Command(CojudgeCommand):
    help = "Let the judge in force answer every case of a project that it has not answered yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="slug or name of the project")
        parser.add_argument("--limit", type=int, metavar="N", help="judge at most N cases, oldest first")
        parser.add_argument("--criterion", action="append", default=[], metavar="KEY", help="only this criterion")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--judge", choices=sorted(setups.SETUPS), help="put this judge in force first")
        which.add_argument("--candidate", type=int, metavar="VERSION", help="judge with this version, in force or not")
        parser.add_argument("--max-tokens", type=int, metavar="N", help="stop before more tokens are spent")
        parser.add_argument("--max-cost", type=float, metavar="MONEY", help="stop before more is spent")
        parser.add_argument("--max-minutes", type=float, metavar="N", help="stop after so many minutes")
        parser.add_argument("--forecast", action="store_true", help="say what a run would take, and start none")
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--in-process", dest="queue", action="store_false", help="judge here (the default)")
        place.add_argument("--queue", action="store_true", help="leave it to the background workers and watch")
        elsewhere.add_arguments(parser, place)
        parser.set_defaults(queue=False)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._judge(**options)
        finally:
            calls.close()

    def _judge(self, *, project: str, limit: int | None, queue: bool, **options: Any) -> None:
        if limit is not None and limit < 1:
            raise InputError(f"--limit {limit}", expected="at least 1")
        found = find_project(project)
        if any(options[way] for way in elsewhere.BACK):
            self.stdout.write(elsewhere.read(found, options))
            return
        if queue:
            dispatch.check_workers()
        judge = self._find_judge(found, options["judge"], options["candidate"])
        wanted: dict[str, Any] = {"judge": judge, "limit": limit, "criteria": tuple(options["criterion"])}
        if not runs.count_left(found, wanted["criteria"], judge=judge):
            self.stdout.write(f"Every case of {found.name} is judged already by {sittings.describe_judge(judge)}.")
            return
        if options["forecast"]:
            self._say_forecast(runs.forecast(found, **wanted))
            return
        if any(options[way] for way in elsewhere.OUT):
            self.stdout.write(elsewhere.write(found, wanted, options))
            return
        wanted["caps"] = Caps(options["max_tokens"], options["max_cost"], options["max_minutes"])
        (self._watch if queue else self._sit)(found, wanted)

    def _find_judge(self, project: Project, setup: str | None, version: int | None) -> Judge:
        if version is not None:
            found = Judge.objects.filter(project=project, version=version).first()
            if found is None:
                known = Judge.objects.filter(project=project).order_by("version").values_list("version", flat=True)
                raise InputError(f"there is no judge {version}", expected=", ".join(map(str, known)) or "none yet")
            self.stdout.write(f"Judging with {sittings.describe_judge(found)}")
            return found
        is_new = setup is not None or project.judge is None
        if is_new:
            projects.set_up_judge(project, setup or registry.default_judge(), by=None)
        assert project.judge is not None
        self.stdout.write(f"In force{' now' * is_new}: {sittings.describe_judge(project.judge)}")
        return project.judge

    def _say_forecast(self, expected: Forecast) -> None:
        takes = timedelta(seconds=round(expected.seconds)) if expected.seconds else "unknown before a first run"
        basis = {"answers": "earlier answers", "prompts": "prompts at about four characters a token"}[expected.basis]
        self.stdout.write(
            f"{expected.n_cases:,} cases, {expected.n_calls:,} calls, {expected.prompt_tokens:,} prompt tokens, "
            f"{expected.completion_tokens:,} written tokens, cost {expected.cost:,.2f}, time {takes} (from {basis})"
        )

    def _sit(self, project: Project, wanted: dict[str, Any]) -> None:
        line, last = ProgressLine(self.stderr), None
        with StopSign() as stop:
            sitting = sittings.judge_here(project, by=None, should_stop=lambda: stop.is_seen, **wanted)
            for last in sitting:
                line.show(last)
        line.end()
        if last is not None and last.run.status == Run.Status.PAUSED:
            again = f"manage.py judge_items {project.slug}"
            raise CommandError(f"Stopped. What was answered is kept; to go on: {again}", returncode=130)
        if last is not None:
            self._sum_up(last.run, line.seconds)

    def _watch(self, project: Project, wanted: dict[str, Any]) -> None:
        run = runs.start(project, by=None, place=Run.Place.QUEUE, **wanted)
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
        said += f"; {run.n_cached} answered before" if run.n_cached else ""
        if run.status == Run.Status.DONE:
            self.stdout.write(said)
            return
        again = f"To go on: manage.py judge_items {run.project.slug}"
        raise CommandError(f"{said}.\n{run.trouble or 'It was stopped from elsewhere.'}\n{again}")
