"""The list of append-only rows is complete, and Postgres guards each of them."""

from __future__ import annotations

import pytest
from django.db import connection

from judge.models import append_only_models

#: DESIGN: judgments, verdicts, decisions, labels and events are never overwritten; versions are immutable.
MUST_BE = {
    "Judgment", "Verdict", "Decision", "AgreedLabel", "Event", "Policy", "Rubric", "RubricCriterion", "Criterion",
    "ScaleLabelRow", "GeneratorTemplate", "Judge", "JudgeRater",
}  # fmt: skip


def test_the_list_of_append_only_rows_is_complete() -> None:
    assert {model.__name__ for model in append_only_models()} >= MUST_BE


@pytest.mark.django_db
def test_postgres_has_a_wall_for_each_append_only_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname = c.relname || '_append_only' AND t.tgenabled = 'O'
        """)
        walls = {table: set(arguments.split("\\000")) - {""} for table, arguments in cursor.fetchall()}
    assert walls == {model._meta.db_table: set(model.movable) for model in append_only_models()}


@pytest.mark.django_db
def test_named_constraints_of_the_design_stand() -> None:
    wanted = {
        "agreed_label_one_live_per_case", "judgment_one_vote_per_case_and_rater", "lease_one_live_per_item_and_person",
        "case_seats_within_people_wanted", "judge_judgment_label_in_scale", "judge_verdict_label_in_scale",
        "judge_agreedlabel_label_in_scale", "judge_judgment_criterion_of_case",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class WHERE relkind = 'i'")
        assert wanted <= {name for (name,) in cursor.fetchall()}
