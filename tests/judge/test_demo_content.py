"""The shipped rubrics and the demo shop: whole, bilingual, and consistent with each other."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from judge.formats.records import items_from_row
from judge.formats.rubrics import read_rubric
from judge.rules.rubrics import RubricRecord
from judge.rules.scales import Question

JUDGE = Path(__file__).parents[2] / "judge"
CRITERIA = {
    "interest": ["willingness", "reasonableness"],
    "tag": ["relevance", "consistency", "specificity", "validity"],
    "explanation": ["relevance", "factuality", "clarity", "safety"],
    "explanation-v2": [
        "relevance", "factuality", "clarity", "safety", "timeliness", "informativeness", "attractiveness",
    ],
}  # fmt: skip
DEMO_TASKS = ("tag", "interest", "explanation")
CHINESE_READERS = {"mei", "jun", "lin"}
HAN = re.compile("[\u4e00-\u9fff]")


def load_rubric(task: str) -> RubricRecord:
    path = JUDGE / "rubrics" / f"{task}.yaml"
    return read_rubric(path.read_bytes(), filename=path.name)


def read_rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (JUDGE / "demo" / name).read_text("utf-8").splitlines()]


ITEMS = {task: read_rows(f"{task}s.jsonl") for task in DEMO_TASKS}
TASK_OF = {row["id"]: task for task, rows in ITEMS.items() for row in rows}
LANGUAGE_OF = {row["id"]: row["language"] for rows in ITEMS.values() for row in rows}
SCALES = {task: {q.key: q.label_keys for q in load_rubric(task).questions} for task in DEMO_TASKS}
ANSWERS = read_rows("answers.jsonl")


def each_question() -> list[tuple[str, Question]]:
    """Every question in both languages."""
    found = []
    for task in CRITERIA:
        for question in load_rubric(task).questions:
            found += [(f"{task}-{question.key}-{lang}", question.in_language(lang)) for lang in ("en", "zh")]
    return found


QUESTIONS = each_question()
both_languages = pytest.mark.parametrize("question", [q for _, q in QUESTIONS], ids=[name for name, _ in QUESTIONS])


@pytest.mark.parametrize("task", CRITERIA)
def test_rubric_asks_the_criteria_of_its_task(task: str) -> None:
    assert [question.key for question in load_rubric(task).questions] == CRITERIA[task]


def test_shared_criteria_of_both_explanation_rubrics_are_the_same_so_labels_carry_over() -> None:
    assert load_rubric("explanation-v2").questions[:4] == load_rubric("explanation").questions


@both_languages
def test_every_label_has_a_good_and_a_bad_example(question: Question) -> None:
    for label in question.label_keys:
        assert any(e.label == label and not e.mistaken_for for e in question.examples), label
        assert any(e.mistaken_for == label and e.label != label for e in question.examples), label


@both_languages
def test_examples_are_short_enough_to_be_few_shots_and_say_why(question: Question) -> None:
    for example in question.examples:
        assert len(example.context) <= 200
        assert len(example.output) <= 160
        assert example.why


@pytest.mark.parametrize("task", CRITERIA)
def test_chinese_annotators_read_no_english_sentence(task: str) -> None:
    for question in load_rubric(task).questions:
        chinese = question.in_language("zh")
        texts = [chinese.name, chinese.question, chinese.guidance]
        texts += [text for label in chinese.labels for text in (label.name, label.description)]
        texts += [text for example in chinese.examples for text in (example.context, example.output, example.why)]
        assert [text for text in texts if not HAN.search(text)] == []
        assert chinese.label_keys == question.label_keys


def test_shop_is_large_enough_to_fill_every_page() -> None:
    languages = {row["context_id"]: row["language"] for rows in ITEMS.values() for row in rows}
    assert len(languages) >= 40
    assert 0.3 <= Counter(languages.values())["zh"] / len(languages) <= 0.45
    assert sum(len(rows) for rows in ITEMS.values()) >= 330
    assert {task: len(rows) >= 70 for task, rows in ITEMS.items()} == dict.fromkeys(DEMO_TASKS, True)


def test_demo_item_ids_are_unique_and_a_context_id_means_one_context() -> None:
    assert len(TASK_OF) == sum(len(rows) for rows in ITEMS.values())
    contexts = defaultdict(set)
    for rows in ITEMS.values():
        for row in rows:
            contexts[row["context_id"]].add(json.dumps(row["context"], sort_keys=True))
    assert {name: len(found) for name, found in contexts.items() if len(found) > 1} == {}


@pytest.mark.parametrize("task", DEMO_TASKS)
def test_every_demo_item_is_accepted_by_the_importer(task: str) -> None:
    for number, row in enumerate(ITEMS[task], start=1):
        (item,) = items_from_row(row, task=task, where=f"line {number}")
        assert (item.id, item.language, item.user) == (row["id"], row["language"], row["user"])


@pytest.mark.parametrize("task", DEMO_TASKS)
def test_no_text_is_shipped_twice_and_chinese_items_are_chinese(task: str) -> None:
    texts = [json.dumps(row["output"], ensure_ascii=False) for row in ITEMS[task]]
    assert [text for text, times in Counter(texts).items() if times > 1] == []
    for row, text in zip(ITEMS[task], texts, strict=True):
        assert bool(HAN.search(text)) == (row["language"] == "zh"), row["id"]


def test_every_answer_is_on_the_menu_of_its_item() -> None:
    for answer in ANSWERS:
        labels = SCALES[TASK_OF[answer["item_id"]]][answer["criterion"]]
        assert answer["label"] in labels or (answer["label"] is None and answer["skip"]), answer


def test_nobody_answers_a_case_twice_or_in_a_language_they_cannot_read() -> None:
    given = Counter((answer["item_id"], answer["criterion"], answer["person"]) for answer in ANSWERS)
    assert [key for key, times in given.items() if times > 1] == []
    readers = {answer["person"] for answer in ANSWERS if LANGUAGE_OF[answer["item_id"]] == "zh"}
    assert readers == CHINESE_READERS


def test_answered_items_have_two_or_three_people_on_each_criterion() -> None:
    people = Counter((a["item_id"], a["criterion"]) for a in ANSWERS if a["label"])
    answered = {item for item, _ in people}
    assert set(people.values()) == {2, 3}
    assert set(people) == {(item, key) for item in answered for key in SCALES[TASK_OF[item]]}
    assert 0.4 <= len(answered) / len(TASK_OF) <= 0.5


def test_people_disagree_on_some_cases_so_that_adjudication_has_work() -> None:
    labels = defaultdict(list)
    for answer in ANSWERS:
        if answer["label"]:
            labels[answer["item_id"], answer["criterion"]].append(answer["label"])
    split = [given for given in labels.values() if len(set(given)) > 1]
    assert 0.09 <= len(split) / len(labels) <= 0.15
    assert {len(given) for given in split} == {2, 3}
    assert any(answer.get("flag") for answer in ANSWERS)


def test_author_has_read_every_item_and_used_every_label() -> None:
    readings = {(row["item_id"], row["criterion"]): row["label"] for row in read_rows("expected.jsonl")}
    assert set(readings) == {(item, key) for item, task in TASK_OF.items() for key in SCALES[task]}
    used = {(TASK_OF[item], key, label) for (item, key), label in readings.items()}
    assert used == {(task, key, label) for task in SCALES for key, labels in SCALES[task].items() for label in labels}
