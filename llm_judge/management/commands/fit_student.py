"""manage.py fit_student PROJECT: teach a student what people have labelled; a candidate judge."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from judge.actions import judges
from judge.cli import CojudgeCommand, find_project
from judge.models import Judge
from llm_judge.actions import calls, panels, students


class Command(CojudgeCommand):
    help = "Fit a student to people's labels of the train stream. It becomes a candidate judge."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="slug or name of the project")
        parser.add_argument("--panel", action="store_true", help="also a panel of it and the judge in force")
        parser.add_argument("--promote", action="store_true", help="put it (or the panel) in force at once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._fit(**options)
        finally:
            calls.close()

    def _fit(self, *, project: str, panel: bool, promote: bool, **options: Any) -> None:
        found = find_project(project)
        made = students.fit(found, by=None)
        self._report(made)
        if panel:
            made = panels.join(made, by=None)
            self.say(f"Judge {made.version}: {made.name}")
        if promote:
            judges.promote(made, by=None)
        place = "" if promote else f" --candidate {made.version}"
        self.say(f"Next: manage.py judge_items {found.slug}{place}")

    def _report(self, made: Judge) -> None:
        self.say(f"Judge {made.version}: {made.name}")
        for key, told in made.student_head.figures.items():
            said = "no AUROC: one kind of label" if told["auroc"] is None else _interval(told)
            self.say(f"  {key}: {told['n_labels']} labels in {told['n_contexts']} contexts, {said}")


def _interval(told: dict[str, Any]) -> str:
    return f"AUROC {told['auroc']:.2f} ({told['auroc_low']:.2f} to {told['auroc_high']:.2f}) on contexts not seen"
