"""Importing 100,000 items with one command: peak memory of the process."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from judge.models import Case, Item
from tests import factories
from tests.architecture.house import ROOT
from tests.benchmarks.figures import Figure

N_ITEMS, PER_CONTEXT = 100_000, 20
FIGURES = {"loop.import_100k_peak_mb": "≤ 300"}


def measure() -> list[Figure]:
    project = factories.make_project("Bench import")
    with tempfile.TemporaryDirectory() as folder:
        path = write_items(Path(folder) / "items.jsonl")
        peak_mb, seconds = run([sys.executable, "manage.py", "import_items", project.slug, str(path)])
    n_items, n_cases = Item.objects.filter(project=project).count(), Case.objects.filter(project=project).count()
    is_whole = (n_items, n_cases) == (N_ITEMS, 2 * N_ITEMS)
    reason = "" if is_whole else f"only {n_items} items and {n_cases} cases arrived"
    return [
        Figure("loop.import_100k_peak_mb", peak_mb, "MB", "≤ 300", peak_mb <= 300 and is_whole,
               f"{n_items:,} items, {n_cases:,} cases in {seconds:.0f} s", reason)
    ]  # fmt: skip


def write_items(path: Path) -> Path:
    """Items with contexts of about 600 bytes, 20 to a context."""
    with path.open("w") as file:
        for i in range(N_ITEMS):
            user = i // PER_CONTEXT
            history = [f"viewed thing {user * 7 % 1000 + step} on day {step}" for step in range(15)]
            context = {"profile": f"shopper {user}", "history": history}
            line = {"id": f"i{i}", "context": context, "output": f"tag number {i} for shopper {user}", "language": "en"}
            file.write(json.dumps(line) + "\n")
    return path


def run(argv: list[str]) -> tuple[float, float]:
    """Run a command in the checkout; its peak memory in MB and its seconds."""
    start = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, os.environ | {"PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(argv)} ended with status {status}")
    return usage.ru_maxrss / 1024, time.monotonic() - start
