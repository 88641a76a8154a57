"""What every embedded server is to its watchdog: what to run, as whom, where it answers, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

from judge.services import state
from judge.services.processes import Process, die_with_parent

LOG_BYTES = 5_000_000
# A server that outlives the command that started it keeps none of that command's secrets.
_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "COJUDGE_MODEL_THREADS",
    "PYTHONHOME",
    "TMPDIR",
    "OMP_NUM_THREADS",
    "COJUDGE_STATE",
)


@dataclass(frozen=True)
class Command:
    """A program to run: its words, its environment and the user it runs as (None: ourselves)."""

    words: list[str]
    environment: dict[str, str]
    account: state.Account | None

    def start(self, dying_signal: int, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start it with our own output; the kernel sends it `dying_signal` when we die, however we die."""
        account, parent = self.account, os.getpid()
        return subprocess.Popen(
            self.words,
            stdin=stdin,
            env=self.environment,
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=lambda: die_with_parent(parent, dying_signal),  # runs after the change of user, as it must
        )

    def finish(self, text: str = "") -> int:
        """Run it to its end with `text` as its input; its exit status."""
        child = self.start(signal.SIGKILL, stdin=subprocess.PIPE)
        child.communicate(text.encode())
        return child.returncode


@dataclass(frozen=True)
class RunRecord:
    """What the watchdog of a server tells the others about it, in the server's run file."""

    watchdog: Process
    server: Process | None = None
    address: str = ""
    problem: str = ""  # why the watchdog gave up

    def write(self, path: Path) -> None:
        """Put the record in place in one step."""
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The record at `path`, if there is one."""
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        server = Process(**row["server"]) if row["server"] else None
        return cls(Process(**row["watchdog"]), server, row["address"], row["problem"])


class Service(ABC):
    """An embedded server with its files in the folder `home`."""

    name: ClassVar[str]
    patience: ClassVar[float] = 30.0  # seconds that `ensure` waits for it
    # What ends it, each with the seconds to wait before the next.
    endings: ClassVar[tuple[tuple[int, float], ...]] = ((signal.SIGTERM, 10), (signal.SIGKILL, 5))

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home, self.settings = home, dict(settings or {})
        self.log = home / f"{self.name}.log"
        self.run_file = home / f"{self.name}.json"
        self.clients_lock = home / f"{self.name}.clients"
        self.watchdog_lock = home / f"{self.name}.watchdog"

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before it can start; called before each start, by the watchdog alone."""

    @abstractmethod
    def command(self) -> Command:
        """What to run; it stays in the foreground."""

    @abstractmethod
    def address(self) -> str:
        """Where the server that `command` describes answers."""

    @abstractmethod
    def answers(self, address: str) -> bool:
        """Whether a server answers there now."""

    def rotate_log(self) -> None:
        """Put a log that has grown large aside, keeping one."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def last_words(self, lines: int = 12) -> str:
        """The end of the log, for an error message."""
        if not self.log.exists():
            return "(the log is empty)"
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 8_000))
            text = file.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def clean_environment(**more: str) -> dict[str, str]:
    """The few variables that a detached program needs, and no secrets."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"} | more


def python_environment() -> dict[str, str]:
    """The same for our own Python programs: they find this checkout, whatever folder they start in."""
    paths = [str(state.CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return clean_environment(PYTHONPATH=os.pathsep.join(paths), PYTHONSAFEPATH="1")
