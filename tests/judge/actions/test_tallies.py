"""Tallies read on, miss nobody who commits late, and come out the same from the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connections, transaction

from judge.actions import events, labels, pass_rates, tallies, tally_kinds
from judge.models import AgreedLabel, Item, Project, Tally
from tests import factories
from tests.judge import accepted
from tests.summaries import counted


def made(project: Project) -> Mapping[tuple[Any, ...], int]:
    return tally_kinds.items(project)


@pytest.mark.django_db
def test_a_tally_reads_on_and_is_the_same_from_the_start(project: Project) -> None:
    assert made(project) == {}
    for n in (3, 4):
        factories.import_items(project, lines=[line(f"{n}-{place}") for place in range(n)])
        assert sum(made(project).values()) == sum(tally_kinds.cases(project).values()) / 2 == Item.objects.count()
    kept = Tally.objects.get(project=project, name="items")
    assert kept.until >= Item.objects.latest("pk").pk
    assert [row[-1] for row in kept.sums] == [7]
    before = made(project)
    tallies.forget(project)
    assert not Tally.objects.exists()
    assert made(project) == before


def line(name: str) -> dict[str, str]:
    return {"id": name, "context": f"context {name}", "output": "tent", "generator": "g"}


@pytest.mark.django_db(transaction=True)
def test_whoever_commits_late_with_a_lower_number_is_counted() -> None:
    project = factories.make_project("Late")
    (item,) = factories.import_items(project)
    slow = connections.create_connection("default")
    copy = """
        INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, prompt, meta, generator, language,
                                category, stream, stream_probability, stream_reason)
        SELECT project_id, context_id, frame_id, %s, kind, '', '{}', '', '', '', 'open', 1, 'drawn'
        FROM judge_item WHERE id = %s"""
    try:
        slow.set_autocommit(False)
        with slow.cursor() as cursor:
            cursor.execute(copy, ["late", item.pk])
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(copy, ["early", item.pk])
        assert sum(made(project).values()) == 2, "the early one, though nothing up to it is settled"
        slow.commit()
        assert sum(made(project).values()) == 3
    finally:
        slow.close()


@pytest.mark.django_db
def test_labels_that_are_gone_count_no_more() -> None:
    project = accepted.make_cell().project
    accepted.bring(project, 5)
    rows = AgreedLabel.objects.filter(criterion__project=project)
    assert sum(tally_kinds.labels(project).values()) == rows.filter(status="live").count() > 0
    before = counted(project, pass_rates.NAME)
    gone = rows.filter(status="live").first()
    assert gone is not None
    labels.withdraw([gone])
    events.note(project, "label withdrawn", by=None)
    assert sum(tally_kinds.labels(project).values()) == rows.filter(status="live").count()
    assert counted(project, pass_rates.NAME) != before


@pytest.mark.django_db
def test_verdicts_of_another_judge_in_force_begin_anew() -> None:
    project = accepted.make_cell().project
    accepted.bring(project, 3)
    assert sum(tally_kinds.verdicts(project).values()) > 0
    Tally.objects.filter(name="verdicts").update(of="judge:0", sums=[[1, "fits", "week", "2020-W01", 99]])
    assert 99 not in tally_kinds.verdicts(project).values()
