from __future__ import annotations

from collections.abc import Iterable

import pytest

from judge.models import AgreedLabel, Judge, Purpose, Role, Task
from judge.rules.routing import Reason, Route
from judge.rules.scales import ScaleKind
from judge.rules.settling import Basis
from judge.rules.stages import Stage
from judge.rules.streams import Stream
from judge.rules.suspicion_signs import Sign
from judge.templatetags.words import WORDS, percent, word


@pytest.mark.parametrize(("kind", "values"), [
    ("stage", Stage), ("waits_for", Stage), ("then", Stage), ("stream", Stream), ("basis", Basis), ("reason", Reason),
    ("why", Reason), ("route", Route), ("scale", ScaleKind), ("role", Role.values), ("task", Task.values),
    ("purpose", Purpose.values), ("status", AgreedLabel.Status.values), ("judge_kind", Judge.Kind.values),
    ("suspicion", Sign),
])  # fmt: skip
def test_every_value_has_a_word_and_no_word_lacks_a_value(kind: str, values: Iterable[object]) -> None:
    assert set(WORDS[kind]) == {str(value) for value in values}


def test_value_without_a_word_is_shown_as_it_is_stored() -> None:
    assert word("off_menu", "unscored") == "off menu"


@pytest.mark.parametrize(("share", "shown"), [(0.834, "83 %"), (1.0, "100 %"), (None, "")])
def test_shares_read_as_percent(share: float | None, shown: str) -> None:
    assert percent(share) == shown
