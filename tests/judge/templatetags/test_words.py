from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.utils import translation

from judge.actions import alarms, withdrawals
from judge.models import AgreedLabel, Judge, Purpose, Role, Task, WaitingBatch
from judge.rules.routing import CellState, Reason, Route
from judge.rules.scales import ScaleKind
from judge.rules.settling import Basis
from judge.rules.stages import Stage
from judge.rules.streams import Stream
from judge.rules.suspicion_signs import Sign
from judge.templatetags.words import WORDS, ended, exact, percent, tenths, word


@pytest.mark.parametrize(("kind", "values"), [
    ("stage", Stage), ("waits_for", Stage), ("then", Stage), ("stream", Stream), ("basis", Basis), ("reason", Reason),
    ("why", Reason), ("route", Route), ("scale", ScaleKind), ("role", Role.values), ("task", Task.values),
    ("purpose", Purpose.values), ("status", AgreedLabel.Status.values), ("judge_kind", Judge.Kind.values),
    ("suspicion", Sign), ("cell", CellState), ("batch", WaitingBatch.State.values),
    ("ended", [alarms.TOO_MANY, withdrawals.OTHER_JUDGE, withdrawals.OTHER_RUBRIC, withdrawals.LATER_TEST,
               withdrawals.OTHER_SERVER, withdrawals.STRICTER, withdrawals.SURER, withdrawals.BY_LEAD]),
])  # fmt: skip
def test_every_value_has_a_word_and_no_word_lacks_a_value(kind: str, values: Iterable[object]) -> None:
    assert set(WORDS[kind]) == {str(value) for value in values}


def test_value_without_a_word_is_shown_as_it_is_stored() -> None:
    assert word("off_menu", "unscored") == "off menu"


@pytest.mark.parametrize(("share", "shown"), [(0.834, "83 %"), (1.0, "100 %"), (None, "")])
def test_shares_read_as_percent(share: float | None, shown: str) -> None:
    assert percent(share) == shown


def test_why_a_certificate_ended_keeps_its_particulars() -> None:
    with translation.override("zh-hans"):
        assert ended("the server changed: vllm 0.32.0 → vllm 0.33.0") == "服务器变了: vllm 0.32.0 → vllm 0.33.0"
        assert ended("another judge is in force") == "另一个裁判已生效"
    assert ended("told by nobody we know") == "told by nobody we know"


def test_shares_are_shown_with_one_place_or_as_they_were_chosen() -> None:
    assert (tenths(0.0834), tenths(None), exact(0.125), exact(0.07)) == ("8.3 %", "", "12.5 %", "7 %")
