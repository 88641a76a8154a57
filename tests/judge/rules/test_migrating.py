"""Statements that would keep people waiting, or that old code would trip over, are refused with what to do instead."""

from __future__ import annotations

import pytest

from judge.rules.migrating import find_harm

HARMFUL = {
    'CREATE INDEX "x" ON "judge_case" ("stage")': "nobody writes",
    'CREATE UNIQUE INDEX "x" ON "judge_case" ("stage")': "nobody writes",
    'ALTER TABLE "judge_project" ADD COLUMN "tone" text NOT NULL': "old code inserts rows without",
    'ALTER TABLE "judge_item" ADD COLUMN "key" uuid DEFAULT gen_random_uuid() NOT NULL': "rewrites the table",
    'ALTER TABLE "judge_item" ALTER COLUMN "round" TYPE bigint': "may rewrite",
    'ALTER TABLE "judge_item" ALTER COLUMN "round" SET NOT NULL': "every row is read",
    'ALTER TABLE "judge_item" ADD CONSTRAINT "x" CHECK (round > 0)': "every row is checked",
    'ALTER TABLE "judge_case" ADD CONSTRAINT "x" FOREIGN KEY ("a_id") REFERENCES "b" ("id")': "every row is checked",
    'ALTER TABLE "judge_case" ADD CONSTRAINT "x" UNIQUE ("a")': "its index is built",
    'ALTER TABLE "judge_policy" RENAME COLUMN "a" TO "b"': "old code knows the old name",
    'ALTER TABLE "judge_policy" DROP COLUMN "a" CASCADE': "old code still reads it",
    'DROP TABLE "judge_summary"': "old code still reads it",
    "UPDATE judge_case SET priority = 0": "all rows are held",
    "TRUNCATE judge_summary": "held whole",
}
HARMLESS = (
    'CREATE INDEX CONCURRENTLY "x" ON "judge_case" ("stage")',
    'CREATE INDEX "x" ON "judge_policy" ("version")',
    'ALTER TABLE "judge_item" ADD COLUMN "tone" text NULL',
    'ALTER TABLE "judge_item" ADD COLUMN "tone" text DEFAULT \'\' NOT NULL',
    'ALTER TABLE "judge_case" ADD CONSTRAINT "x" CHECK (priority < 9) NOT VALID',
    'ALTER TABLE "judge_case" VALIDATE CONSTRAINT "x"',
    'ALTER TABLE "judge_case" ADD CONSTRAINT "x" UNIQUE USING INDEX "y"',
    "UPDATE judge_project SET name = ''",
)


@pytest.mark.parametrize(("statement", "why"), HARMFUL.items())
def test_a_harmful_statement_is_refused_with_the_reason(statement: str, why: str) -> None:
    (harm,) = find_harm([statement])
    assert why in harm.why
    assert harm.instead


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_old_code_does_not_notice_passes(statement: str) -> None:
    assert find_harm([statement]) == []


def test_a_table_that_the_same_migration_makes_is_empty_and_may_be_locked() -> None:
    made = 'CREATE TABLE "judge_case" ("id" bigint NOT NULL)'
    index = 'CREATE INDEX "x" ON "judge_case" ("id")'
    assert find_harm([made, index]) == []
    assert len(find_harm([index])) == 1
