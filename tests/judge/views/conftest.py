"""Exports that a page asks for, made where a test can see them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.actions import export_jobs
from judge.tasks import make_export


@pytest.fixture
def export_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A state folder that a lesser user may pass through, which pytest's own are not for root."""
    with tempfile.TemporaryDirectory(prefix="cojudge-exports-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setenv("COJUDGE_STATE", folder)
        yield


@pytest.fixture
def exports_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports are made in this process instead of one beside it: its way there is the subject of one test alone."""
    monkeypatch.setattr(export_jobs, "_run_beside", lambda job: make_export(job.pk))
