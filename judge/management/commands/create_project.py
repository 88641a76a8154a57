from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from judge import registry
from judge.actions import projects, rubrics
from judge.cli import CojudgeCommand
from judge.errors import InputError
from judge.formats.rubrics import read_rubric
from judge.models import Role, User
from judge.rules.rubrics import RubricRecord


class Command(CojudgeCommand):
    help = "Make a project from a shipped task or a rubric file of your own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--task", help=f"one of: {', '.join(rubrics.template_names())}")
        source.add_argument("--rubric", type=Path, metavar="FILE.yaml", help="a rubric of your own")
        parser.add_argument(
            "--judge",
            default="",
            help="embedded, server (JUDGE_URL) or scripted; none: people only, cases go to them at import. "
            "Default: server where JUDGE_URL is set, else embedded",
        )
        parser.add_argument("--overlap", type=int, default=3, help="people asked at most before an adjudicator")
        parser.add_argument("--one-person-labels", action="store_true", help="one person's answer is final")
        parser.add_argument("--lead", metavar="USERNAME", help="this person leads the project")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = _lead(options["lead"])
        project = projects.create(
            options["name"],
            rubric=_rubric(options),
            by=lead,
            judge=options["judge"] or registry.default_judge(),
            overlap=options["overlap"],
            one_person_labels=options["one_person_labels"],
        )
        if lead:
            projects.add_member(project, lead, Role.LEAD, by=lead)
        criteria = ", ".join(criterion.key for criterion in rubrics.criteria_in_force(project))
        self.say(f'project "{project.slug}" ({project.task}): {criteria}')
        self.say(f"judge in force: {project.judge.name if project.judge else 'none, people only'}")
        self.say(f"next: manage.py import_items {project.slug} FILE.jsonl")


def _rubric(options: dict[str, Any]) -> RubricRecord:
    if options["task"]:
        return rubrics.template(options["task"])
    path: Path = options["rubric"]
    try:
        return read_rubric(path.read_bytes(), filename=path.name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), expected="a rubric file") from error


def _lead(username: str | None) -> User | None:
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise InputError(f'there is no user "{username}"', next_step="Make one: manage.py createsuperuser")
    return user
