"""The product under load while its parts die: how many faults of which kind it survives, and what they broke.

    python -m tests.faults.run --seconds 600 --submits 50 --out found.json

People are a process of their own that speaks HTTP; judging is a run in the queue; every part is killed, every
connection is spoiled, the disk is filled, everything is killed at once and started again. Then the invariants are
looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from judge.services import state
from tests.faults import spoiling
from tests.faults.product import Product, own_disk

N_PEOPLE = 24
WARM_UP = 180.0
#: Seconds that the rest of the run may take once nothing is spoiled any more.
DRAIN = 400.0


@dataclass
class Found:
    """What a run of faults tells."""

    seconds: float = 0.0
    survived: list[dict[str, Any]] = field(default_factory=list)
    checked: list[dict[str, Any]] = field(default_factory=list)
    restarts: list[float | None] = field(default_factory=list)
    n_submits: int = 0
    n_again: int = 0
    n_refused: int = 0
    n_judgments: int = 0
    n_accepted: int = 0
    drain_seconds: float = 0.0
    skipped: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def n_broken(self) -> int:
        return sum(each["n_broken"] for each in self.checked)

    @property
    def n_survived(self) -> int:
        return sum(each["seconds"] is not None for each in self.survived)


class Journal:
    """What people were promised, as it grows."""

    def __init__(self, path: Path) -> None:
        self.path, self.at, self.last, self.n, self.again, self.refused = path, 0, 0.0, 0, 0, 0
        path.touch()

    def last_answer(self) -> float:
        """When the newest answer was acknowledged."""
        with self.path.open() as file:
            file.seek(self.at)
            while line := file.readline():
                if not line.endswith("\n"):
                    break
                self.at = file.tell()
                self._read(json.loads(line))
        return self.last

    def _read(self, row: dict[str, Any]) -> None:
        if row["is"] == "acknowledged":
            self.last, self.n = row["at"], self.n + 1
        else:
            self.refused += 1


def main(options: argparse.Namespace) -> Found:
    found = Found()
    # What people were promised is written elsewhere: it must outlive the disk that is filled.
    with own_disk() as (disk, why), tempfile.TemporaryDirectory(prefix="cojudge-promised-") as papers:
        folder = Path(papers)
        found.skipped |= {"disk full": why} if why else {}
        product = Product(disk, folder, latency_ms=options.latency_ms)
        try:
            run(product, folder, None if why else disk, options, found)
        except AssertionError as error:
            found.trouble = f"{error}\n{tail(folder / 'serve.log')}"
        finally:
            keep(disk, folder, options.keep)
            product.stop()
    return found


def run(product: Product, folder: Path, disk: Path | None, options: argparse.Namespace, found: Found) -> None:
    product.start_llm()
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "judge.settings"
    django.setup()
    from tests.faults import shop

    project, judging = shop.open_shop(folder, n_people=N_PEOPLE, n_items=options.items)
    product.start()
    wait(product.answers, WARM_UP, "the web server answers")
    shop.judge(judging, product.proxied["BROKER_URL"])
    journal = Journal(folder / "journal.jsonl")
    people = start_people(product, project.slug, folder, options.submits)
    try:
        wait(lambda: journal.last_answer() > 0, WARM_UP, "the first answer is acknowledged")
        began, n_before = time.time(), shop.n_votes(project)
        spoil(product, disk, journal, options, found)
        found.seconds = time.time() - began
        found.n_judgments = shop.n_votes(project) - n_before
    finally:
        assert people.stdin is not None
        people.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            people.wait(60)
        people.kill()
    journal.last_answer()
    found.n_submits, found.n_refused = journal.n, journal.refused
    drain(product, judging, found)
    shop.tidy(project)
    from tests.faults import invariants

    found.n_accepted = shop.n_accepted(project)
    found.checked = [asdict(each) for each in invariants.check(project, judging, journal.path, folder)]


def spoil(product: Product, disk: Path | None, journal: Journal, options: argparse.Namespace, found: Found) -> None:
    """Fault after fault until the time is over; everything at once in the middle and at the end."""
    kinds, chance, began = spoiling.kinds(product, disk), random.Random(options.seed), time.time()
    until, half = began + options.seconds, began + options.seconds / 2
    for kind in options.kinds or spoiling.draw(kinds, seed=options.seed):
        now = time.time()
        if now > until:
            break
        if half and now > half and not options.kinds:
            half = 0.0
            note(found, spoiling.restart_everything(product, journal.last_answer))
        note(found, spoiling.suffer(kind, kinds[kind], journal.last_answer, product.revive_servers))
        # Between faults people and machines work: without a rhythm the next one would fall on what just stood up.
        rest = began + len(found.survived) * options.every - time.time()
        time.sleep(max(rest, chance.uniform(*options.pause)))
    note(found, spoiling.restart_everything(product, journal.last_answer))


def note(found: Found, one: spoiling.Survived) -> None:
    found.survived.append(asdict(one))
    if one.kind == "kill -9 everything":
        found.restarts.append(one.seconds)
    told = "never" if one.seconds is None else f"{one.seconds:.1f} s"
    print(f"{len(found.survived):4}  {one.kind:24} next answer after {told}", flush=True)
    assert one.seconds is not None, f"nobody was served for {spoiling.PATIENCE:.0f} s after: {one.kind}"


def start_people(product: Product, slug: str, folder: Path, rate: float) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.faults.people", product.address, slug, str(folder / "cookies.json")]
    words += [str(folder / "journal.jsonl"), "--rate", str(rate)]
    with (folder / "people.log").open("ab") as log:
        return subprocess.Popen(words, cwd=state.CHECKOUT, stdin=subprocess.PIPE, stdout=log, stderr=log)


def drain(product: Product, judging: Any, found: Found) -> None:
    """With a quick model and nothing spoiled, the run must come to its end by itself."""
    product.kill("llm")
    product.latency_ms = 5
    product.start_llm()
    began = time.time()
    from tests.faults import shop

    def is_over() -> bool:
        shop.look_afresh()
        judging.refresh_from_db()
        return not judging.is_live

    wait(is_over, DRAIN, "the run ends")
    found.drain_seconds = time.time() - began


def wait(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} seconds in vain until {what}"
        time.sleep(0.1)


def tail(path: Path, n_bytes: int = 4_000) -> str:
    return path.read_text(errors="replace")[-n_bytes:] if path.exists() else ""


def keep(disk: Path, folder: Path, target: Path | None) -> None:
    """Logs and journal, for whoever looks for a reason."""
    if target is None:
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("*.log"), *folder.glob("*.jsonl"), *(disk / "state").glob("*.log")]:
        with suppress(OSError):
            (target / path.name).write_bytes(path.read_bytes())


def print_table(found: Found) -> None:
    print(f"{'fault':24} {'times':>5} {'survived':>8} {'median s':>8} {'worst s':>8}")
    for kind in sorted({each["kind"] for each in found.survived}):
        seconds = [each["seconds"] for each in found.survived if each["kind"] == kind]
        well = [each for each in seconds if each is not None]
        worst = f"{median(well):8.1f} {max(well):8.1f}" if well else ""
        print(f"{kind:24} {len(seconds):5} {len(well):8} {worst}")
    for kind, why in found.skipped.items():
        print(f"{kind:24} skipped: {why}")
    for each in found.checked:
        said = "BROKEN" if each["n_broken"] else "holds"
        print(f"{said:8} never {each['name']}: {each['n_broken']} {each['detail']}")
    seconds = max(1.0, found.seconds)
    rates = f"{found.n_submits / seconds:.1f} submits/s, {found.n_judgments / seconds:.1f} judgments/s"
    print(f"{found.n_survived} faults in {found.seconds:.0f} s at {rates}; {found.n_refused} submits refused in words")
    if found.trouble:
        print(f"TROUBLE: {found.trouble}")


def read_options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--submits", type=float, default=50.0, help="a second")
    parser.add_argument("--items", type=int, default=70_000, help="two cases each")
    parser.add_argument("--latency-ms", type=float, default=80.0, help="of the model: 16 calls at a time")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.2, 1.0), help="seconds between two faults")
    parser.add_argument("--every", type=float, default=5.5, help="seconds from fault to fault, if one is over by then")
    parser.add_argument("--kinds", type=lambda told: told.split(","), help="only these, once each, in this order")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--out", type=Path, help="where to write what was found, as JSON")
    parser.add_argument("--keep", type=Path, help="a folder for the logs")
    return parser.parse_args(words)


if __name__ == "__main__":
    chosen = read_options(sys.argv[1:])
    result = main(chosen)
    print_table(result)
    if chosen.out:
        chosen.out.write_text(json.dumps(asdict(result)))
    sys.exit(0 if not (result.n_broken or result.trouble) else 1)
