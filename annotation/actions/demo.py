"""The demo people answer: through the door and on seats, as if they had sat at the workbench."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from annotation.actions import submissions
from annotation.models import Submission
from annotation.rules.answers import Answer
from judge import demo
from judge.actions import case_locks, judgments, projects
from judge.actions.demo import Say
from judge.models import Case, Item, Project, User

FILE = demo.FOLDER / "answers.jsonl"


def seed(project: Project, say: Say) -> None:
    """Record the answers of ``judge/demo/answers.jsonl`` that belong to the project. Inside one transaction."""
    items = {item.identity: item for item in Item.objects.filter(project=project)}
    people = {user.username: user for user in User.objects.filter(is_demo=True)}
    n_answers = 0
    for (item_id, person), lines in groupby(_lines(), key=lambda line: (line["item_id"], line["person"])):
        if item_id in items:
            n_answers += _answer(items[item_id], people[person], {line["criterion"]: line for line in lines})
    say(f"{project.name}: {n_answers} answers of the demo people")


def _lines() -> Iterator[dict[str, Any]]:
    with FILE.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _answer(item: Item, person: User, lines: Mapping[str, Mapping[str, Any]]) -> int:
    """One person's answers to the cases of an item that wait for people and have a free seat."""
    Item.objects.select_for_update(no_key=True).get(pk=item.pk)  # whoever moves seats locks the item before its cases
    found = Case.objects.filter(item=item, criterion__key__in=lines).values_list("pk", "criterion__key")
    keys = dict(found)
    seats = submissions.take_seats(case_locks.lock(list(keys)).values(), by=person)
    if not seats:
        return 0
    answers = {pk: _read(lines[keys[pk]]) for pk in seats}
    submission = Submission.objects.create(key=uuid.uuid4(), project_id=item.project_id, item=item, person=person)
    new = submissions.new_judgments(answers, extra=(), duration_ms=None)
    rows = judgments.record(new, rater=projects.rater_of(person), by=person, submission=submission.key).judgments
    submissions.give_back(seats - submissions.holding(rows))
    return len(rows)


def _read(line: Mapping[str, Any]) -> Answer:
    """A line of the file: a label, a skip with its reason, or a flag with its reason."""
    if "flag" in line:
        return Answer(is_flagged=True, note=line["flag"])
    if "skip" in line:
        return Answer(is_skipped=True, note=line["skip"])
    return Answer(label=line["label"], note=line.get("note", ""))
