from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, connection

from judge import ports, registry, serving
from judge.cli import CojudgeCommand


class Progress:
    """Says now and then how the work in the background goes, while anything moves."""

    def __init__(self, say: Callable[[str], None], every: float = 5.0) -> None:
        self.say, self.every, self.last, self.next_look = say, every, "", 0.0

    def __call__(self) -> None:
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + self.every
        try:
            text = " · ".join(filter(None, (look() for look in registry.progress_lines.values())))
        except DatabaseError as error:  # it is started again, or mended: no reason to end web and workers
            connection.close()
            text = f"the database does not answer: {str(error).partition(chr(10))[0]}"
        if text != self.last:
            self.last = text
            self.say(f"  {text}" if text else "  all background work is done")


class Command(CojudgeCommand):
    help = "Web, worker and beat in the foreground, with embedded servers for what the environment does not name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: 8000 or the next free one")

    def handle(self, *args: Any, **options: Any) -> None:
        serving.heed_signals()
        port, children = serving.start(options["port"])
        self.say(f"Cojudge answers at http://{ports.HOST}:{port} (Ctrl-C stops it)")
        serving.stay(children, tick=Progress(self.say))
