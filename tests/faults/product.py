"""The product as `make serve` starts it, its servers behind a proxy that spoils connections; each part can be killed
without warning. State lies in a folder of its own, on a small disk of its own where that can be had."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from judge.services import postgres, state, supervise, valkey
from judge.services.processes import Process, wait_until
from judge.services.service import RunRecord
from tests.faults.proxy import Proxy, free_port, socket_of

#: The children of `serve`, told by what they run.
PARTS = {"web": "granian", "judging": "judging@", "errands": "errands@", "beat": " beat "}
EMBEDDED = ("postgres", "valkey")
DISK_MB = 3_000


@contextmanager
def own_disk() -> Iterator[tuple[Path, str]]:
    """A folder on a small disk of its own; else an ordinary one, and why."""
    folder = Path(tempfile.mkdtemp(prefix="cojudge-faults-", dir="/tmp"))
    folder.chmod(0o711)
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=711", "tmpfs", str(folder)]
    why = "a small disk needs root" if os.geteuid() else ""
    if not why and (done := subprocess.run(words, capture_output=True, text=True)).returncode:
        why = f"no small disk here: {done.stderr.strip()}"
    try:
        yield folder, why
    finally:
        if not why:
            subprocess.run(["umount", "-l", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


class Product:
    """Everything that runs, and how to end it."""

    def __init__(self, disk: Path, folder: Path, *, latency_ms: float) -> None:
        self.folder, self.latency_ms = folder, latency_ms
        os.environ["COJUDGE_STATE"] = str(disk / "state")
        os.environ.setdefault("COJUDGE_COOKIE_SUFFIX", "faults")
        os.environ["COJUDGE_LOG_LEVEL"] = "WARNING"
        os.environ["COJUDGE_SECRET_KEY"] = secrets.token_urlsafe(32)
        address, broker = postgres.ensure(), valkey.socket_path(valkey.ensure())
        os.environ["DATABASE_URL"] = self.direct = address.url
        self.llm_port, self.port = free_port(), free_port()
        self.llm: subprocess.Popen[bytes] | None = None
        self.serve: subprocess.Popen[bytes] | None = None
        self.proxy = Proxy(db=socket_of(address.host), broker=str(broker), llm=f"127.0.0.1:{self.llm_port}")
        ports = self.proxy.ports
        os.environ["JUDGE_URL"] = f"http://127.0.0.1:{ports['llm']}/v1"
        self.proxied = {
            "DATABASE_URL": f"postgresql://cojudge@127.0.0.1:{ports['db']}/cojudge",
            "BROKER_URL": f"redis://127.0.0.1:{ports['broker']}/0",
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_llm(self) -> None:
        """The model server; who killed it starts it again, as its own supervisor would."""
        words = [sys.executable, "-m", "tests.benchmarks.fake_server", str(self.llm_port)]
        words += ["--latency-ms", str(self.latency_ms), "--fail-share", "0.01", "--faults", "reset,429,500,half"]
        words += ["--memory", str(self.folder / "tokens.json")]
        self.llm = subprocess.Popen(words, cwd=state.CHECKOUT, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        log = (self.folder / "serve.log").open("ab")
        with log:
            self.serve = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=state.CHECKOUT, env=os.environ | self.proxied, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def answers(self) -> bool:
        """Whether the web server answers and reaches its database."""
        with suppress(OSError), urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def pids(self, part: str) -> list[int]:
        """The child of `serve` that is this part."""
        assert self.serve is not None
        return [pid for pid in children(self.serve.pid) if PARTS[part] in command_line(pid)]

    def kill(self, part: str) -> bool:
        """kill -9 a part, with all that it started; whether it ran."""
        if part == "llm":
            return self._kill_llm()
        if part in EMBEDDED:
            return kill_server(part)
        if part.endswith(" watchdog"):
            return kill_watchdog(part.removesuffix(" watchdog"))
        if part.endswith(" child"):
            found = [child for pid in self.pids(part.removesuffix(" child")) for child in children(pid)]
            return kill_all(found[:1])
        return kill_all([*self.pids(part), *[child for pid in self.pids(part) for child in children(pid)]])

    def kill_everything(self) -> None:
        """As when the power fails, but for the machine itself."""
        assert self.serve is not None
        parts = [pid for part in PARTS for pid in self.pids(part)]
        self.serve.kill()
        kill_all([*parts, *[child for pid in parts for child in children(pid)]])
        for name in EMBEDDED:
            kill_watchdog(name)
            kill_server(name)
        self._kill_llm()
        self.serve.wait(30)

    def start_again(self) -> None:
        """What a person types after that."""
        self.start_llm()
        self.revive_servers()
        self.start()

    def revive_servers(self) -> None:
        """What holds an embedded server starts it again when its watchdog is gone too."""
        supervise.revive_held()

    def freeze(self, part: str, seconds: float) -> bool:
        """Stop a part for a while, as a machine does that swaps."""
        pids = [pid for head in self.pids(part) for pid in (head, *children(head))]
        send(pids, signal.SIGSTOP)
        time.sleep(seconds)
        send(pids, signal.SIGCONT)
        return bool(pids)

    def stop(self) -> None:
        if self.serve is not None:
            self.serve.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.serve.wait(60)
            self.serve.kill()
        self._kill_llm()
        self.proxy.__exit__()
        supervise.stop_all()
        for name in EMBEDDED:
            supervise.release(supervise.find(name))

    def _kill_llm(self) -> bool:
        if self.llm is None:
            return False
        self.llm.kill()
        self.llm.wait(10)
        return True


def children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def command_line(pid: int) -> str:
    with suppress(OSError):
        return re.sub(r"\0", " ", Path(f"/proc/{pid}/cmdline").read_text())
    return ""


def kill_all(pids: list[int]) -> bool:
    return send(pids, signal.SIGKILL)


def send(pids: list[int], number: int) -> bool:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return bool(pids)


def kill_server(name: str) -> bool:
    found = RunRecord.read(supervise.find(name).run_file)
    if found is None or found.server is None:
        return False
    found.server.send(signal.SIGKILL)
    return True


def kill_watchdog(name: str) -> bool:
    found = RunRecord.read(supervise.find(name).run_file)
    if found is None:
        return False
    found.watchdog.send(signal.SIGKILL)
    return wait_until(lambda: not Process.alive(found.watchdog), 5)
