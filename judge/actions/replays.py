"""Replays: the alarm played again over what was recorded, here or in a file. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from judge.actions import audits
from judge.errors import InputError
from judge.formats.audit_lines import read_audit_lines
from judge.models import Certificate, Project

if TYPE_CHECKING:
    from judge.stats.replay import Replay

#: Disagreement promised where a file does not say.
ALPHA = 0.10


def of_certificate(certificate: Certificate) -> Replay:
    """Its acceptances with people's answers as they stand now, up to the first audit that waits: a correction that
    came after the watch had read an audit counts here, and did not there."""
    from judge.stats.replay import Recorded, play

    rows = [Recorded(each.is_error, 1 - each.confidence, each.probability) for each in audits.recorded(certificate)]
    return play(rows, alpha=certificate.alpha, least=certificate.policy.pi_min)


def of_file(path: Path, *, alpha: float = ALPHA, least: float | None = None) -> Replay:
    """``least``: π_min, the smallest probability in the file where it is not told. A line without a
    confidence is expected to be an error with probability alpha."""
    from judge.stats.replay import Recorded, play

    rows = [
        Recorded(line.is_error, alpha if line.confidence is None else 1 - line.confidence, line.probability)
        for line in read_audit_lines(path)
    ]
    smallest = min(row.probability for row in rows)
    return play(rows, alpha=alpha, least=smallest if least is None else min(least, smallest))


def of_synthetic(words: str, *, alpha: float = ALPHA, rate: float = 1.0, seed: int = 0) -> Replay:
    from judge.stats.replay import play, read_synthetic, synthesise

    rows = synthesise(read_synthetic(words), rate=rate, expected=alpha, seed=seed)
    return play(rows, alpha=alpha, least=rate)


def certificates_of(project: Project, criterion: str = "") -> Iterator[Certificate]:
    """Certificates that accepted anything, in the order in which they came. Raises InputError where none did."""
    found = Certificate.objects.filter(project=project, threshold__isnull=False).order_by("pk")
    if criterion:
        found = found.filter(criterion__key=criterion)
    rows = [each for each in found.select_related("criterion", "judge", "policy") if audits.has_accepted(each)]
    if not rows:
        raise InputError(
            f"no certificate of {project.slug} has accepted anything" + (f" on {criterion}" if criterion else ""),
            next_step="Certify a judge first, or play a file, or --synthetic.",
        )
    yield from rows
