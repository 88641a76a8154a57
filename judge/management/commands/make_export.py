from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from judge.actions import export_jobs
from judge.cli import CojudgeCommand


class Command(CojudgeCommand):
    help = "Make an export that somebody asked for on the page: what a worker does, for installations without one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        export_jobs.work(options["job"])
