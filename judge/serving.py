"""The whole product in the foreground: web, workers and beat as children; Ctrl-C ends them in order."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from types import FrameType
from typing import NoReturn

from judge import ports
from judge.errors import ServiceError
from judge.services import state, supervise
from judge.services.processes import die_with_parent

#: Seconds that a child gets to end by itself: a worker finishes the answers it has in flight.
GRACE = 15.0
#: A child that ends by itself is started again so often, then the whole ends with its error …
RESTARTS = 3
#: … unless it ran for so many seconds in between: then its earlier failures are forgotten.
STEADY = 15.0
#: How often another port is tried when a program takes ours just before the web server does.
TRIES = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One program of ours and what to type to run it alone."""

    name: str
    argv: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    started: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.started = time.monotonic()
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

    def revive(self) -> None:
        """Start it again if it ended. Raises ServiceError when it ends again and again."""
        if self.is_running:
            if time.monotonic() - self.started > STEADY:
                self.restarts = 0
            return
        if self.restarts >= RESTARTS:
            raise ServiceError(f"{self.name} ended {RESTARTS + 1} times in a short while. {self.last_words()}")
        self.restarts += 1
        self.start()

    def last_words(self, lines: int = 12) -> str:
        """Where its log is and how it ends, for an error message."""
        path = state.folder() / f"{self.name}.log"
        with path.open(errors="replace") as file:
            return f"Its log {path} ends:\n{''.join(deque(file, lines)).rstrip()}"


#: The web server that loads while the command that wants it still does, and its port.
_early: list[tuple[int, Child]] = []


def begin(first: int = 0, many: int = 0) -> None:
    """Have the web server load already, on the port named or the first free one: it takes as long as the command's own
    Django. `start` goes on with it; until then it ends with this process."""
    number = ports.claim(first or ports.FIRST, many or (1 if first else ports.MANY))
    child = web(number)
    child.start()
    _early.append((number, child))


def abandon() -> None:
    """Stop what was begun."""
    while _early:
        port, child = _early.pop()
        child.stop()
        ports.let_go(port)


def start(port: int = 0) -> tuple[int, list[Child]]:
    """Start everything; the web server's port and the children, once it answers. Without a port the first free one
    from 8000 on. Raises ServiceError, with nothing of ours left running, when that fails."""
    children: list[Child] = []
    try:
        taken = _start_web(port, children)
        for child in background():
            children.append(child)
            child.start()
    except BaseException:
        stop(children)
        raise
    return taken, children


def _start_web(port: int, children: list[Child]) -> int:
    first = port or ports.FIRST
    for tries_left in reversed(range(TRIES)):
        if not _early:
            begin(first, 1 if port else ports.MANY)
        number, child = _early.pop()
        children[:] = [child]
        try:
            wait_for_web(child, number)
        except ports.Taken:
            child.stop()
            if port or not tries_left:
                raise
            first = number + 1
        else:
            return number
    raise AssertionError("the last try returns or raises")


def web(port: int) -> Child:
    """The web server; it names itself by a token of this start, so that no other program is taken for it."""
    words = f"-m granian --interface wsgi judge.wsgi:application --host {ports.HOST} --port {port}"
    words += " --workers 1 --respawn-failed-workers --respawn-interval 0.2 --blocking-threads 8 --backlog 256"
    suffix = os.environ.get("COJUDGE_COOKIE_SUFFIX") or cookie_suffix()
    environment = {
        "COJUDGE_POOL": "1",
        "COJUDGE_INSTANCE": secrets.token_hex(8),
        "COJUDGE_COOKIE_SUFFIX": suffix,
    }
    return Child("web", [sys.executable, *words.split()], environment)


def background() -> list[Child]:
    """Two workers, so that long judging never delays what people wait for, and beat. Errands are done three at a time:
    an export and the counting of summaries may take a while, and leave one for the rest."""
    schedule = str(state.folder() / "beat-schedule")
    n_judging = 1 if (os.cpu_count() or 1) <= 2 else 2
    return [
        Child("judging", _worker("judging", "judge", n_judging)),
        Child("errands", _worker("errands", "interactive,export", 3)),
        Child("beat", [*_celery("beat --pidfile= --loglevel WARNING --schedule"), schedule]),
    ]


def _worker(name: str, queues: str, concurrency: int) -> list[str]:
    return _celery(f"worker -Q {queues} --concurrency {concurrency} -n {name}@%h --loglevel INFO")


def _celery(words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "judge", *words.split()]


def cookie_suffix() -> str:
    """Browsers keep cookies by host name, not by port: two installations on one machine need two names."""
    return sha256(os.fsencode(state.folder())).hexdigest()[:8]


def wait_for_web(child: Child, port: int, patience: float = 60) -> None:
    """Return when our web server answers on this port. Raises ServiceError with the end of its log, as soon as it
    has ended, and ports.Taken when another program has the port."""
    token, deadline, stranger = child.environment.get("COJUDGE_INSTANCE", ""), time.monotonic() + patience, False
    while time.monotonic() < deadline:
        answer = ports.ask(port)
        if answer is not None and answer == token:
            return
        stranger = answer is not None
        if not child.is_running:
            failure = ports.Taken if stranger else ServiceError
            raise failure(f"the web server ended before it answered on port {port}. {child.last_words()}")
        time.sleep(0.1)
    if stranger:
        raise ports.Taken(f"another program answers on port {port}. Name another one with --port.")
    raise ServiceError(f"the web server did not answer on port {port}. {child.last_words()}")


def heed_signals() -> None:
    """Until `stay` takes over, a signal to stop ends the command as Ctrl-C does, even where a shell started us in
    the background and had Ctrl-C ignored."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, end)


def stay(children: Sequence[Child], *, tick: Callable[[], None]) -> None:
    """Watch over the children until a signal asks to stop; then end them, last started first, and our servers."""
    stopping: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    try:
        for number in SIGNALS:
            signal.signal(number, ask)
        while not stopping:
            for child in children:
                child.revive()
            supervise.revive_held()
            tick()
            time.sleep(0.5)
    finally:
        stop(children)


def stop(children: Sequence[Child]) -> None:
    """End the children, last started first, and then our servers."""
    for child in reversed(children):
        child.stop()
    supervise.stop_all()
