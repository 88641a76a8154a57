"""What a template may get: questions in the reader's language, keys, and nothing else."""

from __future__ import annotations

from dataclasses import fields

from annotation.rules import blinding
from annotation.rules.answers import Answer
from judge.rules.scales import Question, ScaleKind, ScaleLabel

ZH = Question("fit", "合适吗？", (ScaleLabel("yes", True, "合适"), ScaleLabel("no", False, "不合适")), name="契合")
EN = Question("fit", "Does it fit?", (ScaleLabel("yes", True), ScaleLabel("no", False)), translations={"zh": ZH})
PAIR = Question("better", "Which?", tuple(ScaleLabel(key, None) for key in ("a", "b", "equal")), ScaleKind.PREFERENCE)


def test_a_question_comes_in_the_readers_language_with_the_labels_own_keys() -> None:
    asked = blinding.ask(1, EN, language="zh-hans", answer=Answer("no"))
    assert (asked.title, asked.lang) == ("契合", "zh")
    assert [(each.label, each.title, each.badge, each.is_chosen) for each in asked.options] == [
        ("yes", "合适", "1", False),
        ("no", "不合适", "2", True),
    ]


def test_a_pair_has_letters_too() -> None:
    assert [each.letter for each in blinding.ask(1, PAIR, language="en").options] == ["A", "B", "E"]
    assert [each.letter for each in blinding.ask(1, EN, language="en").options] == ["", ""]


def test_a_scale_of_more_than_nine_labels_prints_no_false_key() -> None:
    long = Question("mark", "How good?", tuple(ScaleLabel(f"l{n}", n > 5) for n in range(11)), ScaleKind.GRADED)
    assert [each.badge for each in blinding.ask(1, long, language="en").options][8:] == ["9", "", ""]


def test_no_record_of_a_sheet_has_room_for_a_machine_or_for_pass_and_fail() -> None:
    names = {each.name for record in (blinding.Sheet, blinding.Criterion, blinding.Option) for each in fields(record)}
    assert not names & {
        "verdict",
        "probs",
        "confidence",
        "rationale",
        "generator",
        "stream",
        "passes",
        "reason",
        "meta",
    }


def test_words_that_context_and_output_share_are_known() -> None:
    sheet = blinding.lay_out(
        context={"history": ["bought tents", "搜索“防烫盖碗”"]}, output={"tag": "tent 盖碗", "reason": "tents"},
        language="en", is_pair=False, criteria=(),
    )  # fmt: skip
    assert sheet.shared == {"tent", "盖碗"}
