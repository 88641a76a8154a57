"""The whole product in the foreground: web, worker and beat as children; Ctrl-C ends them in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from judge.errors import ServiceError
from judge.services import state, supervise
from judge.services.processes import die_with_parent

HOST, FIRST_PORT, PORTS = "127.0.0.1", 8000, 50
#: Seconds that a child gets to end by itself: a worker finishes the answers it has in flight.
GRACE = 15.0
#: A child that ends by itself is started again so often, then the whole ends with its error.
RESTARTS = 3


@dataclass
class Child:
    """One program of ours and what to type to run it alone."""

    name: str
    argv: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (state.folder() / f"{self.name}.log").open("ab")
        with log:  # a session of its own: the terminal's Ctrl-C reaches us alone, and we end the children in order
            self.process = subprocess.Popen(  # noqa: S603 (our own programs)
                self.argv,
                env=os.environ | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is None or not self.is_running:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port(first: int = FIRST_PORT) -> int:
    """The first port from ``first`` on that nobody listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServiceError(f"no free port between {first} and {first + PORTS - 1}. Name one with --port.")


def programs(port: int) -> list[Child]:
    """Web, worker and beat, in the order in which they start."""
    python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "judge"]
    worker = [
        "worker",
        "-Q",
        "judge,interactive,export",
        "--concurrency",
        "2",
        "-n",
        "cojudge@%h",
        "--loglevel",
        "INFO",
    ]
    schedule = str(state.folder() / "beat-schedule")
    web = [
        python,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "judge.wsgi:application",
        "--host",
        HOST,
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "8",
        "--backlog",
        "256",
    ]
    return [
        Child("web", web, {"COJUDGE_POOL": "1"}),
        Child("worker", [*celery, *worker]),
        Child("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING"]),
    ]


def wait_for_web(port: int, patience: float = 60) -> None:
    """Return when the web server answers."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise ServiceError(f"the web server did not answer on port {port}. Its log: {state.folder() / 'web.log'}")


def stay(children: Sequence[Child], *, tick: Callable[[], None]) -> None:
    """Watch over the children until a signal asks to stop; then end them, last started first, and our servers."""
    stopping: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    try:
        while not stopping:
            for child in children:
                _revive(child)
            tick()
            time.sleep(0.5)
    finally:
        stop(children)


def stop(children: Sequence[Child]) -> None:
    for child in reversed(children):
        child.stop()
    supervise.stop_all()


def _revive(child: Child) -> None:
    if child.is_running:
        return
    if child.restarts >= RESTARTS:
        raise ServiceError(f"{child.name} ended {RESTARTS} times. Its log: {state.folder() / (child.name + '.log')}")
    child.restarts += 1
    child.start()
