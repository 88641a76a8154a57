from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from judge.actions import backups
from judge.cli import CojudgeCommand


class Command(CojudgeCommand):
    help = "Bring back what manage.py backup wrote: all of it or nothing. Stop web, workers and beat first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a backup")
        parser.add_argument("--replace", action="store_true", help="in place of what the database holds")
        parser.add_argument("--check", action="store_true", help="only look whether every byte of the backup is there")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            manifest = backups.check(options["folder"])
            n = manifest["rows"]["judge_case"]
            self.say(f"{options['folder']} is whole: made {manifest['made_at']}, {n:,} cases")
            return
        manifest = backups.bring_back(
            options["folder"], url=os.environ["DATABASE_URL"], replace=options["replace"], say=self.say
        )
        call_command("migrate", interactive=False, verbosity=0)  # a backup of an older version gets today's tables
        self.say(f"restored what was made {manifest['made_at']}: {manifest['rows']['judge_case']:,} cases")
