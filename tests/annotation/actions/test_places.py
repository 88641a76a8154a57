"""Where a person reads in the queue: whole contexts, one tier after another, and never over what they answered."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from annotation.actions import leases
from annotation.models import Annotator
from judge.models import Case, Item, Project, Role, User
from tests import factories
from tests.annotation.answering import answer, take


def come(project: Project, person: User, n: int) -> list[Item]:
    """The next ``n`` items, each answered."""
    found = []
    for _ in range(n):
        found.append(take(project, person).item)
        answer(project, person)
    return found


def later(minutes: int) -> None:
    """Let the time pass after which everybody looks from the head of the queue again."""
    Annotator.objects.update(looked_at=timezone.now() - timedelta(minutes=minutes))


def in_runs(items: list[Item]) -> int:
    """How often a reader of these items has to read a context."""
    contexts = [item.context_id for item in items]
    return 1 + sum(a != b for a, b in pairwise(contexts))


def test_within_a_tier_a_context_is_read_once(project: Project, ann: User) -> None:
    """Four contexts of five items; the tiers lie across them, as the information in single cases does."""
    for place, item in enumerate(factories.import_items(project, n=20)):
        Case.objects.filter(item=item).update(priority=(0, 3, 6)[place % 3])
    items = come(project, ann, 20)
    tiers = [Case.objects.filter(item=item).values_list("priority", flat=True)[0] for item in items]
    assert tiers == sorted(tiers, reverse=True)
    for tier in (6, 3, 0):
        own = [item for item, found in zip(items, tiers, strict=True) if found == tier]
        assert in_runs(own) == len({item.context_id for item in own}), f"tier {tier}"


def test_people_who_read_side_by_side_stay_in_their_contexts(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project, n=20)
    came: dict[User, list[Item]] = {ann: [], ben: []}
    for turn in range(20):
        for person in (ann, ben) if turn % 2 else (ben, ann):
            came[person] += come(project, person, 1)
    assert {in_runs(items) for items in came.values()} == {4}


def test_a_seat_that_comes_free_in_the_context_just_read_is_taken_before_the_next_context(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    """Ben and cleo hold the first item while ann reads the second; ben lets go."""
    factories.import_items(project, n=10)
    held = [take(project, person) for person in (ben, cleo)]
    second = come(project, ann, 1)[0]
    assert second.pk != held[0].item_id
    leases.release(held[0].pk, by=ben)
    assert take(project, ann).item_id == held[0].item_id


def test_what_comes_in_above_ones_place_is_met_within_minutes(project: Project, ann: User) -> None:
    factories.import_items(project, n=10)
    first = come(project, ann, 1)[0]
    urgent = Item.objects.exclude(pk=first.pk).order_by("pk").last()
    assert urgent is not None
    Case.objects.filter(item=urgent).update(priority=6)
    assert take(project, ann).item_id != urgent.pk
    answer(project, ann)
    later(minutes=6)
    assert take(project, ann).item_id == urgent.pk


def test_whoever_has_nothing_left_below_looks_from_the_head_at_once(project: Project, ann: User) -> None:
    factories.import_items(project, n=2)
    come(project, ann, 2)
    assert leases.claim(project, by=ann) is None
    Case.objects.update(priority=6)
    late = factories.import_items(project, lines=[{"id": "late", "context": "c", "output": "o"}])[-1]
    Case.objects.filter(item=late).update(priority=6, queue_order=-1.0)
    assert take(project, ann).item_id == late.pk


def test_nobody_walks_over_what_they_answered(project: Project, ann: User) -> None:
    """Postgres counts what the queue's index gave it: a few cases, though the head of the queue is all answered."""
    factories.import_items(project, n=300)
    come(project, ann, 60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE judge_case, judge_judgment, judge_item")
    assert _cases_read(project, ann) <= 20
    later(minutes=6)
    assert _cases_read(project, ann) >= 120, "once from the head: two cases of each answered item"


def _cases_read(project: Project, person: User) -> int:
    """Cases that the next claim gets from the queue's index. The claim runs with the plan that is made once for every
    person and project, and is taken back."""
    claims: list[tuple[str, dict[str, object]]] = []

    def listen(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        claims.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(listen), transaction.atomic():
        take(project, person)
        transaction.set_rollback(True)
    statement, values = next(each for each in claims if each[0].lstrip().startswith("WITH"))
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    numbered = statement % {name: f"${place}" for place, name in enumerate(names, 1)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"PREPARE claim AS {numbered}")
        told = ", ".join(["%s"] * len(names))
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE claim ({told})", [values[n] for n in names])
        (plan,) = cursor.fetchone()
        cursor.execute("DEALLOCATE claim")
        transaction.set_rollback(True)
    return sum(_rows(plan))


def _rows(node: object) -> list[int]:
    """Rows that came out of or were filtered at each scan of the queue's index in a plan."""
    if isinstance(node, list):
        return [n for each in node for n in _rows(each)]
    if not isinstance(node, dict):
        return []
    own = []
    if node.get("Index Name") == "case_queue":
        own = [int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])]
    return own + [n for value in node.values() if isinstance(value, list | dict) for n in _rows(value)]


def test_twenty_items_of_one_context_are_read_by_one_person_in_one_go(project: Project) -> None:
    reader = factories.make_member(project, "reader", Role.ANNOTATOR)
    factories.import_items(project, n=40, per_context=20)
    assert in_runs(come(project, reader, 40)) == 2
