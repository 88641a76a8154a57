"""``make bench [AREA=loop]``: runs the benchmarks of an area, prints a table, writes bench/results.json.

A benchmark is a module ``tests/benchmarks/<area>_<what>.py`` with ``FIGURES`` (name → target) and ``measure()``, which
returns figures. It finds Django set up on a database of its own, with durable commits. A part that could not run is
``met: false`` with its reason, never left out.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from judge.services.postgres import throwaway_postgres
from tests.benchmarks.figures import Figure

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent.parent / "bench" / "results.json"


def main(words: list[str]) -> int:
    match words:
        case ["--one", name, path]:
            Path(path).write_text(json.dumps([asdict(figure) for figure in measure(name)]))
            return 0
        case areas:
            return run_areas(areas)


def run_areas(areas: list[str]) -> int:
    modules = sorted(path.stem for path in HERE.glob("*_*.py") if "\nFIGURES" in path.read_text())
    chosen = [name for name in modules if not areas or name.split("_")[0] in areas]
    if not chosen:
        known = sorted({name.split("_")[0] for name in modules})
        print(f"there is no benchmark area {' '.join(areas)} (expected: {', '.join(known)})", file=sys.stderr)
        return 2
    figures = [figure for name in chosen for figure in run(name)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=1, ensure_ascii=False) + "\n")
    print_table(figures)
    return 0 if all(figure.met for figure in figures) else 1


def run(name: str) -> list[Figure]:
    """The figures of one benchmark, in a process of its own so that none inherits another's memory or servers."""
    print(f"… {name}", file=sys.stderr, flush=True)
    start = time.monotonic()
    with tempfile.NamedTemporaryFile("r") as found:
        done = subprocess.run([sys.executable, "-m", __spec__.name, "--one", name, found.name], check=False)
        text = found.read()
    print(f"… {name} took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if not text:
        return [Figure(name.replace("_", ".", 1), None, "", "", False, reason=f"ended with status {done.returncode}")]
    return [Figure(**row) for row in json.loads(text)]


def measure(name: str) -> list[Figure]:
    """The figures of one benchmark in this process; unmet ones with the reason where it failed."""
    with own_database():
        module = importlib.import_module(f"tests.benchmarks.{name}")
        found: list[Figure] = []
        failure = "not measured"
        try:
            found = module.measure()
        except Exception as error:
            traceback.print_exc()
            failure = repr(error)
    names = {figure.name for figure in found}
    return found + [
        Figure(figure, None, "", target, met=False, reason=failure)
        for figure, target in module.FIGURES.items()
        if figure not in names
    ]


@contextmanager
def own_database() -> Iterator[None]:
    """Django on a fresh, migrated database whose commits are durable."""
    with throwaway_postgres(durable=True) as address:
        os.environ |= {
            "DATABASE_URL": address.url,
            "COJUDGE_SECRET_KEY": "benchmarks sign nothing that matters",
            "DJANGO_SETTINGS_MODULE": "judge.settings",
            "COJUDGE_LOG_LEVEL": "WARNING",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        yield


def print_table(figures: list[Figure]) -> None:
    rows = [("figure", "value", "unit", "target", "met", "baseline or reason")]
    for f in figures:
        value = "–" if f.value is None else f"{f.value:,.4g}"
        rows.append((f.name, value, f.unit, f.target, "yes" if f.met else "NO", f.reason or f.baseline))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]))


if __name__ == "__main__":
    sys.exit(main([area for area in sys.argv[1:] if area]))
