from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from judge import demo, ports, registry, serving
from judge.actions import demo as shop
from judge.cli import CojudgeCommand
from judge.management.commands.serve import Progress


class Command(CojudgeCommand):
    help = "The whole product with the demo shop, in the foreground; Ctrl-C stops everything. Data stays for next time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="default: 8000 or the next free one")
        parser.add_argument("--judge", default="", help="embedded, server (JUDGE_URL) or scripted")
        parser.add_argument("--record", action="store_true", help="judge the whole shop and keep the verdicts as files")

    def handle(self, *args: Any, **options: Any) -> None:
        judge = options["judge"] or registry.default_judge()
        if options["record"]:
            registry.demo_recorders["machines"](self.say)
            return
        serving.heed_signals()
        children: list[serving.Child] = []
        try:
            self.say("Cojudge demo: making the shop (the first time only)")
            projects = shop.seed(self.say, judge=judge)
            port, children = serving.start(options["port"])
            for start in registry.demo_starters.values():
                start(projects, self.say)
        except BaseException:
            serving.stop(children)
            raise
        self._welcome(port)
        serving.stay(children, tick=Progress(self.say))
        self.say("cojudge: stopped")

    def _welcome(self, port: int) -> None:
        self.say(f"\n  Cojudge answers at http://{ports.HOST}:{port}\n\n  demo logins (password “{demo.PASSWORD}”):")
        for name, _, roles in demo.logins():
            self.say(f"    {name:8} {roles}")
        self.say("\n  Ctrl-C stops everything; the data stays for the next `make demo`.\n")
