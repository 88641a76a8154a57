"""Ten minutes in which everything dies: web, workers, beat, PostgreSQL, Valkey and the model are killed by signal 9,
connections are cut, slowed, held and refused, the disk is filled, and twice everything falls at once (tests.faults).

Twenty-four people answer over HTTP, fifty submits a second; a run asks the model, two hundred judgments a second. The
product is what `make serve` starts. Then it is proved that no acknowledged answer is lost or doubled, no case stuck, no
label without basis, that counts agree and the chain of events is whole.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Any

from judge.services.state import CHECKOUT
from tests.benchmarks.figures import Figure

SECONDS = float(os.environ.get("COJUDGE_FAULT_SECONDS", "600"))
SURVIVED, BROKEN, RESTART = "operate.faults_survived", "operate.invariants_broken", "operate.restart_seconds"
#: Two cases each: what is left at the end is judged before the invariants are looked at.
ITEMS = os.environ.get("COJUDGE_FAULT_ITEMS", "60000")
LOAD = {
    "operate.faults_submits_a_second": (50.0, "n_submits"),
    "operate.faults_judgments_a_second": (200.0, "n_judgments"),
}
FIGURES = {SURVIVED: "≥ 100", BROKEN: "= 0", RESTART: "≤ 10 s", **{name: f"≈ {n:g}" for name, (n, _) in LOAD.items()}}


def measure() -> list[Figure]:
    found = run()
    if found["trouble"]:
        raise RuntimeError(found["trouble"])
    return [survived(found), broken(found), restart(found), *(load(name, found) for name in LOAD)]


def run() -> dict[str, Any]:
    """The suite as a process of its own, for it has a database of its own that it kills."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
        words = [sys.executable, "-m", "tests.faults.run", "--seconds", str(SECONDS), "--items", ITEMS]
        words += ["--out", out.name]
        subprocess.run(words, cwd=CHECKOUT, check=False)
        found: dict[str, Any] = json.loads(out.read() or '{"trouble": "it ended without a word"}')
    return found


def survived(found: dict[str, Any]) -> Figure:
    well = [each for each in found["survived"] if each["seconds"] is not None]
    counts = Counter(each["kind"] for each in well)
    said = ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items()))
    said += "".join(f"; {kind} skipped: {why}" for kind, why in found["skipped"].items())
    is_met = len(well) >= 100 and len(well) == len(found["survived"])
    return Figure(SURVIVED, len(well), "faults", FIGURES[SURVIVED], is_met, said)


def broken(found: dict[str, Any]) -> Figure:
    n = sum(each["n_broken"] for each in found["checked"])
    said = f"{len(found['checked'])} invariants; {found['checked'][0]['detail']}, "
    said += f"{found['n_accepted']:,} labels by the judge, {found['n_refused']} submits refused in words"
    wrong = "; ".join(f"{each['name']}: {each['n_broken']}" for each in found["checked"] if each["n_broken"])
    return Figure(BROKEN, n, "rows", FIGURES[BROKEN], n == 0, said, wrong)


def restart(found: dict[str, Any]) -> Figure:
    """The worst: from the start of all until the next answer of a person was acknowledged."""
    worst = max(found["restarts"])
    said = ", ".join(f"{each:.1f} s" for each in found["restarts"]) + "; until an answer is acknowledged"
    return Figure(RESTART, round(worst, 1), "s", FIGURES[RESTART], worst <= 10, said)


def load(name: str, found: dict[str, Any]) -> Figure:
    wanted, key = LOAD[name]
    value = found[key] / found["seconds"]
    said = f"{found[key]:,} in {found['seconds']:.0f} s, the time when nothing served included"
    return Figure(name, round(value, 1), "/s", FIGURES[name], value >= 0.7 * wanted, said)
