"""What the doctor says of workers."""

from __future__ import annotations

from llm_judge.actions import checks


def test_workers_for_every_queue_are_well() -> None:
    (found,) = checks.find_gaps(["errands@here", "judging@here"], {"judge", "interactive", "export"})
    assert found.is_well
    assert found.detail == "errands@here, judging@here"


def test_a_queue_that_nobody_takes_from_is_named_with_the_worker_to_start() -> None:
    (found,) = checks.find_gaps(["judging@here"], {"judge"})
    assert not found.is_well
    assert "nobody takes from the queue interactive" in found.detail
    assert "-Q interactive,export" in found.remedy


def test_without_any_worker_both_are_to_be_started() -> None:
    (found,) = checks.find_gaps([], set())
    assert not found.is_well
    assert "-Q judge " in found.remedy
    assert "-Q interactive,export" in found.remedy
