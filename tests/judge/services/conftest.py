from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from judge.services import state, supervise

Run = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own, outside pytest's folders: those are closed to the servers' user."""
    path = Path(tempfile.mkdtemp(prefix="cojudge-test-", dir="/tmp"))
    path.chmod(0o711)
    place = str(path / "state")
    monkeypatch.setenv("COJUDGE_STATE", place)
    yield state.folder()
    monkeypatch.setenv("COJUDGE_STATE", place)
    supervise.stop_all()
    for name in supervise.NAMES:
        supervise.release(supervise.find(name))
    shutil.rmtree(path)


@pytest.fixture
def client(home: Path) -> Iterator[Run]:
    """Starts a Python program that is a client of its own and prints; it ends with the test at the latest."""
    with ExitStack() as stack:

        def start(program: str) -> subprocess.Popen[str]:
            environment = os.environ | {"PYTHONPATH": str(state.CHECKOUT)}
            started = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            stack.callback(_end, started)
            return started

        yield start


def _end(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()
