"""``make bench [AREA=loop]``: runs the benchmarks of an area, prints a table, writes bench/results.json.

A benchmark is a module ``tests/benchmarks/<area>_<what>.py`` with ``FIGURES`` (name → target) and ``measure()``,
which returns :class:`Figure` rows. A part that could not run is ``met: false`` with its reason, never left out.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent.parent / "bench" / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``target`` is the words of the goal; ``baseline`` what it was measured against."""

    name: str
    value: float | None
    unit: str
    target: str
    met: bool
    baseline: str = ""
    reason: str = ""


def main(areas: list[str]) -> int:
    modules = sorted(path.stem for path in HERE.glob("*_*.py") if not path.stem.startswith("_"))
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
    """The figures of one benchmark; all of its FIGURES are unmet, with the reason, where it could not run."""
    print(f"… {name}", file=sys.stderr, flush=True)
    start = time.monotonic()
    module = importlib.import_module(f"tests.benchmarks.{name}")
    try:
        found: list[Figure] = module.measure()
    except Exception as error:
        traceback.print_exc()
        return [Figure(figure, None, "", target, met=False, reason=repr(error)) for figure, target in module.FIGURES.items()]
    print(f"… {name} took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    missing = module.FIGURES.keys() - {figure.name for figure in found}
    return found + [Figure(name, None, "", module.FIGURES[name], False, reason="not measured") for name in missing]


def print_table(figures: list[Figure]) -> None:
    rows = [("figure", "value", "unit", "target", "met", "baseline or reason")]
    for f in figures:
        value = "–" if f.value is None else f"{f.value:,.4g}"
        rows.append((f.name, value, f.unit, f.target, "yes" if f.met else "NO", f.baseline or f.reason))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]))


if __name__ == "__main__":
    sys.exit(main([area for area in sys.argv[1:] if area]))
