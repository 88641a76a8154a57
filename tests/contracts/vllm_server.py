"""A real vLLM for tests and benchmarks: started on a free loopback port, ended with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from judge.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
#: What the makefile's `test-vllm` builds.
HOME = ROOT / ".venv-vllm"
MODEL = "SmolLM2-135M-Instruct"
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "2", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
OPTIONS = ("--enforce-eager", "--dtype", "bfloat16", "--max-model-len", "2048")
START_SECONDS = 300.0


@contextmanager
def serve_vllm(home: Path = HOME, *options: str) -> Iterator[str]:
    """The address of a server of the embedded model; ``options`` are added to those of every test."""
    port = _free_port()
    words = [str(home / "bin/python"), "-m", "vllm.entrypoints.openai.api_server", *OPTIONS, *options]
    words += ["--model", str(home / MODEL), "--served-model-name", MODEL, "--host", "127.0.0.1", "--port", port]
    parent = os.getpid()
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
        )
        try:
            yield _wait_for(server, f"http://127.0.0.1:{port}", log.fileno())
        finally:
            _end(server)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], address: str, log: int) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):
            return address
        time.sleep(0.5)
    size = os.fstat(log).st_size
    said = os.pread(log, 4000, max(0, size - 4000)).decode(errors="replace")
    raise RuntimeError(f"vLLM did not start within {START_SECONDS:g} s (status {server.poll()}):\n{said}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """Its engine runs in a process of its own, in the same group."""
    for number, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 15.0)):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(patience)
            if not _is_group_alive(server.pid):
                return


def _is_group_alive(group: int) -> bool:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True
