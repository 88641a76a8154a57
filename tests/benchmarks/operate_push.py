"""Items pushed through the API, by the shipped client over HTTP into the shipped web server: items/s and memory.

Requests of 5,000 lines, one after another, on one connection; commits are durable. Memory is that of the server's
process that answers, before the first push and at its highest after.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from judge import ports, serving
from judge.actions import tokens
from judge.models import Item, Role
from tests import factories
from tests.architecture.house import ROOT
from tests.benchmarks.figures import Figure

N_FIRST = 10_000
N_ITEMS = 1_000_000 if os.environ.get("COJUDGE_BENCH_ALL") == "1" else 100_000
PER_CONTEXT = 20
FIGURES = {"operate.push_items_per_s": "≥ 5,000", "operate.push_memory_growth_mb": "≤ 50"}


def measure() -> list[Figure]:
    project = factories.make_project("Bench push")
    lead = factories.make_member(project, "lea", Role.LEAD)
    secret = tokens.make(project, lead, name="bench", scopes=["push"], days=1, by=None).secret
    with web_server() as (address, pid), client_module().Client(address, secret, project=project.slug) as client:
        client.push_items(lines(0, N_FIRST), frame="bench", frame_size=N_ITEMS)  # imports, plans, the first statistics
        before, start = memory_mb(pid), time.monotonic()
        done = client.push_items(lines(N_FIRST, N_FIRST + N_ITEMS), frame="bench")
        seconds, after = time.monotonic() - start, memory_mb(pid, "VmHWM")
    is_whole = done.taken == N_ITEMS and Item.objects.filter(project=project).count() == N_FIRST + N_ITEMS
    reason = "" if is_whole else f"only {done.taken} of {N_ITEMS} were taken"
    rate, grown = N_ITEMS / seconds, after - before
    told = f"{N_ITEMS:,} items, two cases each, in {seconds:.0f} s; {before:.0f} MB before, at most {after:.0f} MB"
    return [
        Figure("operate.push_items_per_s", rate, "items/s", "≥ 5,000", rate >= 5_000 and is_whole, told, reason),
        Figure("operate.push_memory_growth_mb", grown, "MB", "≤ 50", grown <= 50 and is_whole, told, reason),
    ]


def lines(start: int, end: int) -> Iterator[dict[str, Any]]:
    """Items with contexts of about 600 bytes, 20 to a context, as loop_import has them."""
    for i in range(start, end):
        user = i // PER_CONTEXT
        history = [f"viewed thing {user * 7 % 1000 + step} on day {step}" for step in range(15)]
        context = {"profile": f"shopper {user}", "history": history}
        yield {"id": f"i{i}", "context": context, "output": f"tag number {i} for shopper {user}", "language": "en"}


def client_module() -> Any:
    """clients/python/cojudge.py, loaded as its users load it: from a file."""
    spec = importlib.util.spec_from_file_location("cojudge", ROOT / "clients" / "python" / "cojudge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["cojudge"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@contextmanager
def web_server(**environment: str) -> Iterator[tuple[str, int]]:
    """The product's web server on the benchmark's database; its address, and the process that answers."""
    port = ports.claim(ports.FIRST, ports.MANY)
    child = serving.web(port)
    with tempfile.TemporaryFile() as log:
        settings = os.environ | child.environment | environment
        child.process = subprocess.Popen(child.argv, env=settings, stdout=log, stderr=log)
        try:
            serving.wait_for_web(child, port)
            yield f"http://{ports.HOST}:{port}", _worker(child.process.pid)
        finally:
            child.stop()


def _worker(pid: int) -> int:
    """Granian's head starts the process that answers."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max((int(each) for each in found), key=memory_mb, default=pid)


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith(f"{name}:")).split()[1]) / 1024
