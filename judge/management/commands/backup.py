from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from judge.actions import backups
from judge.cli import CojudgeCommand


class Command(CojudgeCommand):
    help = "Write the database and the files beside it into a folder, with checksums. Work may go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a new or an empty one")

    def handle(self, *args: Any, **options: Any) -> None:
        manifest = backups.make(options["folder"], url=os.environ["DATABASE_URL"], say=self.say)
        for name, told in manifest["files"].items():
            self.say(f"{options['folder'] / name}: {told['bytes']:,} bytes, sha256 {told['sha256'][:16]}…")
        self.say("Keep COJUDGE_SECRET_KEY and COJUDGE_SECRETS_KEY (or the state folder's keys) elsewhere: not in it.")
