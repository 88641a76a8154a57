from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from axes.handlers.proxy import AxesProxyHandler

from judge.cli import CojudgeCommand


class Command(CojudgeCommand):
    help = "Forget wrong passwords and codes: of a name, of an address, or with neither of everybody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="the name that was guessed at")
        parser.add_argument("--address", help="the address that guesses came from")

    def handle(self, *args: Any, **options: Any) -> None:
        name, address = options["username"], options["address"]
        n = AxesProxyHandler.reset_attempts(username=name, ip_address=address)
        told = " ".join(filter(None, [name, f"from {address}" if address else ""])) or "everybody"
        self.say(f"{told}: unlocked, {n} counts forgotten")
