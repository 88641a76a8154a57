"""The small program that forks a watchdog and is gone: `launch NAME HOME IDLE_SECONDS [--remove] [KEY=VALUE …]`.

A program of its own, so that a watchdog carries nothing of the command that wanted the server: no memory, no open
files, no secrets of its environment.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from judge.errors import ServiceError
from judge.services.service import Service
from judge.services.watchdog import detach


def main(words: list[str]) -> int:
    """Fork the watchdog, unless one is at work already; the exit status."""
    name, home, idle, *rest = words
    settings = dict(word.split("=", 1) for word in rest if word != "--remove")
    service: Service = import_module(f"judge.services.{name}").make_service(Path(home), settings)
    detach(service, float(idle), remove="--remove" in rest)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
