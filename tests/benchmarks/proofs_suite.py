"""The slow proofs that `make test` leaves out: every test that carries the mark `proof`, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys

from judge.services.state import CHECKOUT
from tests.benchmarks.figures import Figure

FIGURES = {"proofs.failed": "0"}
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")


def measure() -> list[Figure]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "proof", "-p", "no:cacheprovider", "-r", "fE"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout, file=sys.stderr)
    lines = done.stdout.splitlines()
    counts = {what.rstrip("s"): int(n) for n, what in COUNT.findall(lines[-1] if lines else "")}
    n_passed, n_failed = counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)
    said = f"{n_passed} passed, {counts.get('skipped', 0)} skipped: {lines[-1]}" if lines else ""
    if not counts:
        raise RuntimeError(f"pytest ended with status {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    wrong = "; ".join(line for line in lines if line.startswith(("FAILED", "ERROR")))
    is_met = n_failed == 0 and n_passed > 0 and done.returncode == 0
    return [Figure("proofs.failed", n_failed, "tests", FIGURES["proofs.failed"], is_met, said, wrong)]
