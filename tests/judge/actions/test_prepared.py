"""Fixed statements give what the ORM gives."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from judge import settings
from judge.actions import in_force
from judge.actions.prepared import Columns, fetch, fetch_row, insert, split
from judge.models import Event, Policy, Project, User

pytestmark = pytest.mark.django_db


def test_a_row_of_columns_is_the_models_row(project: Project, ann: User) -> None:
    columns = Columns(Policy, "p")
    (row,) = fetch(f"SELECT {columns.sql} FROM judge_policy p WHERE p.id = %(id)s", id=project.policy_id)
    read, stored = columns.row(row), Policy.objects.get(pk=project.policy_id)
    names = [field.attname for field in Policy._meta.concrete_fields]
    assert [getattr(read, name) for name in names] == [getattr(stored, name) for name in names]


def test_what_an_outer_join_found_not_is_none(project: Project) -> None:
    project_columns, policy_columns = Columns(Project, "project"), Columns(Policy, "policy")
    row = fetch_row(
        f"SELECT {project_columns.sql}, {policy_columns.sql}, 7 FROM judge_project project"
        " LEFT JOIN judge_policy policy ON false WHERE project.id = %(id)s",
        id=project.pk,
    )
    assert row is not None
    assert split(row, project_columns, policy_columns) == [project, None, 7]


def test_a_project_comes_with_what_is_in_force(project: Project) -> None:
    statement = f"SELECT {in_force.COLUMNS} FROM judge_project project {in_force.JOINED} WHERE project.id = %(id)s"
    row = fetch_row(statement, id=project.pk)
    assert row is not None
    found = in_force.read(row)
    assert (found, found.policy, found.rubric, found.judge) == (project, project.policy, project.rubric, project.judge)


def test_rows_go_in_as_bulk_create_writes_them(project: Project, ann: User) -> None:
    data = {"text": '\\ \u2028 {"nested": null}', "large": 2**70, "none": None}
    long_ago = datetime(2020, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
    made = insert(
        [
            Event(project=project, by=ann, verb="tried", data=data),
            Event(project=None, verb="tried", data=[], created_at=long_ago),
        ]
    )
    for row in made:
        stored = Event.objects.get(pk=row.pk)
        assert (stored.project_id, stored.by_id, stored.data) == (row.project_id, row.by_id, row.data)
        assert stored.created_at == row.created_at
    assert made[1].created_at == long_ago
    assert insert([]) == []


def test_a_statement_is_planned_once_for_a_connection(project: Project) -> None:
    with transaction.atomic():
        for number in range(6):
            fetch_row("SELECT %(number)s::bigint + 41", number=number)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s", ["%+ 41"]
            )
            (told,) = cursor.fetchall()
    assert told[0] >= 3
    assert told[1] == 0


def test_nothing_is_prepared_behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COJUDGE_PGBOUNCER", "1")
    assert "prepare_threshold" not in settings.database("postgresql://host/name")["OPTIONS"]
    monkeypatch.delenv("COJUDGE_PGBOUNCER")
    options = settings.database("postgresql://host/name?options=-c%20work_mem%3D8MB")["OPTIONS"]
    assert options["options"] == "-c work_mem=8MB -c plan_cache_mode=force_generic_plan"
