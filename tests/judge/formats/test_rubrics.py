"""Rubric files: what a lead wrote comes through whole, and every mistake is named with its line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.rubrics import content_hash, question_from_dict, question_to_dict, read_rubric
from judge.rules.scales import Example, Question, ScaleKind, ScaleLabel

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
SMALLEST = """
name: aspects
criteria:
  - key: relevance
    question: Does the tag fit?
    scale: [{key: yes, passes: true}, {key: no, passes: false}]
"""
FULL = """
name: tag
task: tag
language: en
criteria:
  - key: relevance
    name: Relevance
    question: Does the tag fit?
    guidance: Think of the shopper.
    scale:
      - {key: fits, passes: true, name: Fits, description: It fits.}
      - {key: weak, passes: false}
    examples:
      - {label: weak, mistaken_for: fits, context: runner, output: shoes, why: too wide}
    translations:
      zh:
        question: 标签合适吗？
        scale: {fits: {name: 合适}}
"""


def problems(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_rubric(text, filename="tag.yaml")
    return str(caught.value)


def with_criterion(lines: str) -> str:
    return "name: r\ncriteria:\n  - key: k\n    question: q\n" + "".join(f"    {line}\n" for line in lines.splitlines())


def test_the_smallest_rubric_reads_yes_and_no_as_labels():
    rubric = read_rubric(SMALLEST, filename="a.yaml")
    assert (rubric.name, rubric.task, rubric.language) == ("aspects", "custom", "en")
    (question,) = rubric.questions
    assert question.label_keys == ("yes", "no")
    assert [label.passes for label in question.labels] == [True, False]
    assert question.kind == ScaleKind.BINARY


def test_a_full_rubric_keeps_every_part():
    (question,) = read_rubric(FULL.encode(), filename="tag.yaml").questions
    assert question.guidance == "Think of the shopper."
    assert question.examples == (Example("weak", "runner", "shoes", "too wide", "fits"),)
    chinese = question.in_language("zh-hans")
    assert chinese.question == "标签合适吗？"
    assert [label.title for label in chinese.labels] == ["合适", "weak"]
    assert chinese.guidance == question.guidance, "what was not translated stays readable in the original"


def test_the_shipped_rubrics_are_read():
    folder = Path(__file__).parents[3] / "judge" / "rubrics"
    for path in folder.glob("*.yaml"):
        assert read_rubric(path.read_bytes(), filename=path.name).questions


def test_three_labels_are_graded_unless_said_otherwise():
    scale = "scale: [{key: a, passes: true}, {key: b, passes: true}, {key: c, passes: false}]"
    assert read_rubric(with_criterion(scale), filename="r").questions[0].kind == ScaleKind.GRADED
    assert read_rubric(with_criterion("kind: nominal\n" + scale), filename="r").questions[0].kind == ScaleKind.NOMINAL


def test_a_preference_has_no_passes():
    (question,) = read_rubric(with_criterion("kind: preference\nscale: [{key: a}, {key: b}]"), filename="r").questions
    assert [label.passes for label in question.labels] == [None, None]
    told = problems(with_criterion("kind: preference\nscale: [{key: a, passes: true}, {key: b}]"))
    assert "a label of a preference has no passes" in told


def test_a_misspelt_field_is_named_with_file_line_and_what_was_expected():
    told = problems(FULL.replace("key: weak, passes", "key: weak, pases"))
    assert 'tag.yaml line 12: "pases" is not a field of a label (expected: key, passes, name, description)' in told


def test_all_problems_are_told_at_once():
    told = problems(FULL.replace("task: tag", "task: tg").replace("label: weak", "label: weka")).splitlines()
    assert [line.split(":")[0] for line in told] == ["tag.yaml line 3", "tag.yaml line 14"]


def test_no_more_than_twenty_problems_are_listed():
    labels = "\n".join(f"  - {{key: l{number}, passes: 7}}" for number in range(30))
    told = problems(with_criterion("scale:\n" + labels)).splitlines()
    assert len(told) == 21
    assert told[-1] == "… and 10 more"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("# only a remark\n", "the file is empty"),
        ("just words", "a rubric is"),
        ("- a\n- b", "a rubric is a list"),
        ("name: [a", "not YAML"),
        ("name: a\n---\nname: b", "not YAML"),
        ("name: a\nname: b\ncriteria: []", '"name" stands twice'),
        ("criteria: []", 'a rubric has no "name"'),
        ("name: a\ncriteria: {}", "criteria is a set of fields"),
        ("name: a\ncriteria: []", "no criteria"),
        ('name: "a\\0"\ncriteria: []', "NUL"),
        ("name: a\x07\ncriteria: []", "not allowed in YAML"),
        ("name: &a x\ncriteria: *a", "an alias (*) is not allowed"),
        ("name: " + "[" * 5000, "nested deeper"),
        ("x: " + "y" * 600_000, "at most 500,000 bytes"),
        (with_criterion("scale: [{key: a, passes: true}]"), "at least 2"),
        (with_criterion("scale: [{key: a, passes: true}, {key: b, passes: true}]"), "no label fails"),
        (with_criterion("scale: [{key: a, passes: false}, {key: b, passes: false}]"), "no label passes"),
        (with_criterion("scale: [{key: a, passes: true}, {key: a, passes: false}]"), 'two labels are named "a"'),
        (with_criterion("scale: [{key: a}, {key: b, passes: false}]"), 'a label has no "passes"'),
        (with_criterion("kind: fuzzy\nscale: [{key: a, passes: true}, {key: b, passes: false}]"), "not a kind"),
        (SMALLEST.replace("key: relevance", "key: Rele vance"), "cannot be a key"),
        (SMALLEST + "    translations: {zh: {scale: {maybe: {name: 也许}}}}\n", 'label "maybe" is not in the scale'),
        (SMALLEST + "    translations: {en: {name: x}}\n", "the language of the rubric itself"),
        (SMALLEST + "    translations: {zh: {qestion: x}}\n", '"qestion" is not a field of a translation'),
        (SMALLEST + "    examples: [{label: [a], output: x}]\n", "label is a list"),
        (SMALLEST + "    examples: [{label: yes, output: x, mistaken_for: yes}]\n", "mistaken for its own label"),
    ],
)
def test_a_mistake_is_told(text: str, told: str):
    assert told in problems(text)


def test_a_file_in_another_encoding_is_told_its_line():
    assert "tag.yaml line 2: not UTF-8 text" in problems("name: x\ntask: 标签".encode("gbk"))


@patient
@given(st.binary(max_size=300) | st.text(max_size=300))
def test_no_file_breaks_the_reader(text: str | bytes):
    with suppress(InputError):
        read_rubric(text, filename="x.yaml")


words = st.text(max_size=20)
keys = st.text("abcdefgh_", min_size=1, max_size=6)
labels = st.builds(ScaleLabel, keys, st.none() | st.booleans(), words, words)
examples = st.builds(Example, keys, words, words, words, words)


def questions(translations: st.SearchStrategy[dict[str, Question]]) -> st.SearchStrategy[Question]:
    return st.builds(
        Question,
        key=keys,
        question=words,
        labels=st.lists(labels, max_size=4).map(tuple),
        kind=st.sampled_from(ScaleKind),
        name=words,
        guidance=words,
        examples=st.lists(examples, max_size=2).map(tuple),
        translations=translations,
    )


anything = questions(st.dictionaries(st.sampled_from(["zh", "ja"]), questions(st.just({})), max_size=2))


@patient
@given(anything)
def test_a_question_survives_storage(question: Question):
    stored = json.dumps(question_to_dict(question))
    assert question_from_dict(json.loads(stored)) == question
    assert content_hash(question_from_dict(json.loads(stored))) == content_hash(question)


@patient
@given(anything, anything)
def test_only_equal_questions_share_a_hash(one: Question, other: Question):
    assert (content_hash(one) == content_hash(other)) == (one == other)


def test_the_order_of_translations_does_not_change_the_hash():
    base = read_rubric(SMALLEST, filename="a").questions[0]
    there = Question(**{**_parts(base), "translations": {"zh": base, "ja": base}})
    back = Question(**{**_parts(base), "translations": {"ja": base, "zh": base}})
    assert content_hash(there) == content_hash(back) != content_hash(base)


def _parts(question: Question) -> dict[str, object]:
    return {"key": question.key, "question": question.question, "labels": question.labels}
