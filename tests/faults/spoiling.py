"""The faults, each by its kind: drawn at random, done, and waited for until the product serves again."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.product import Product

#: Seconds that people may wait for their next acknowledged answer after a fault.
PATIENCE = 120.0


@dataclass(frozen=True)
class Survived:
    """A fault: its kind, when, and after how many seconds the next answer was acknowledged (None: never)."""

    kind: str
    at: float
    seconds: float | None


def kinds(product: Product, disk: Path | None) -> dict[str, Callable[[], object]]:
    """Every kind of fault; ``disk``: the small disk that may be filled."""
    kills = ["postgres", "valkey", "judging", "judging child", "errands", "beat", "web", "web child"]
    kills += ["postgres watchdog", "valkey watchdog"]
    found: dict[str, Callable[[], object]] = {f"kill -9 {part}": _kill(product, part) for part in kills}
    found["kill -9 llm"] = lambda: _restart_llm(product)
    for gate, delay in (("db", 0.05), ("broker", 0.2), ("llm", 0.5)):
        found[f"cut {gate}"] = _spoil(product, "cut", gate)
        found[f"slow {gate}"] = _spoil(product, "slow", gate, delay, 3)
        found[f"hold {gate}"] = _spoil(product, "hold", gate, 3)
        found[f"refuse {gate}"] = _spoil(product, "refuse", gate, 2)
    found["freeze web"] = lambda: product.freeze("web", 2)
    found["freeze judging"] = lambda: product.freeze("judging", 3)
    if disk is not None:
        found["disk full"] = lambda: fill(disk, 3)
    return found


def fill(disk: Path, seconds: float) -> None:
    """Leave no byte free for a while."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        free = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize))
        while True:
            file.write(b"\0" * 65_536)
    time.sleep(seconds)
    ballast.unlink()


def draw(kinds: dict[str, Callable[[], object]], *, seed: int) -> Iterator[str]:
    """Kinds in a random order, each as often as the others."""
    chance, names = random.Random(seed), sorted(kinds)
    while True:
        yield from chance.sample(names, len(names))


def suffer(
    kind: str, act: Callable[[], object], last_answer: Callable[[], float], revive: Callable[[], None]
) -> Survived:
    """Do it, and wait until an answer is acknowledged that came after it."""
    began = time.time()
    act()
    done = time.time()
    while last_answer() <= done:
        revive()
        if time.time() - done > PATIENCE:
            return Survived(kind, began, None)
        time.sleep(0.1)
    return Survived(kind, began, last_answer() - began)


def restart_everything(product: Product, last_answer: Callable[[], float]) -> Survived:
    """kill -9 of all there is, and a start; the seconds from that start until an answer is acknowledged."""
    product.kill_everything()
    began = time.time()
    product.start_again()
    told = False
    while last_answer() <= began:
        if not told and (told := product.answers()):
            print(f"      healthz after {time.time() - began:.1f} s", flush=True)
        if time.time() - began > PATIENCE:
            return Survived("kill -9 everything", began, None)
        time.sleep(0.05)
    return Survived("kill -9 everything", began, last_answer() - began)


def _kill(product: Product, part: str) -> Callable[[], object]:
    return lambda: product.kill(part)


def _spoil(product: Product, order: str, gate: str, *numbers: float) -> Callable[[], object]:
    return lambda: product.proxy.spoil(order, gate, *numbers)


def _restart_llm(product: Product) -> None:
    product.kill("llm")
    time.sleep(1)
    product.start_llm()
