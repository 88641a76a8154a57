"""Which statements of a migration may run while people work: an upgrade without a stop.

Old and new code run on the same tables for a while, and a lock on a big table keeps everybody waiting. So a migration
after the first release may add what old code does not notice, and nothing that rewrites or locks a big table for long.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

#: Tables that grow with the work: a statement on them must be done in a moment.
BIG = frozenset({
    "judge_context", "judge_item", "judge_case", "judge_judgment", "judge_judgmenttext", "judge_verdict",
    "judge_decision", "judge_agreedlabel", "judge_event", "annotation_lease", "annotation_submission",
    "llm_judge_completion",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement that does harm: how it reads, why it harms, what to do instead."""

    pattern: re.Pattern[str]
    why: str
    instead: str
    on_big_only: bool = True


@dataclass(frozen=True, slots=True)
class Harm:
    """A statement that a rule refuses."""

    statement: str
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.statement[:160]}: {self.why}. Instead: {self.instead}"


def _rule(pattern: str, why: str, instead: str, *, on_big_only: bool = True) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), why, instead, on_big_only)


RULES = (
    _rule(
        r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)",
        "nobody writes to the table while the index is built",
        "AddIndexConcurrently in a migration with atomic = False",
    ),
    _rule(
        r"ADD COLUMN (?!.*\bDEFAULT\b).*NOT NULL",
        "old code inserts rows without the column",
        "a database default (db_default), or NULL allowed",
        on_big_only=False,
    ),
    _rule(
        r"ADD COLUMN .*DEFAULT (random\(\)|clock_timestamp\(\)|gen_random_uuid\(\)|nextval)",
        "a default that differs by row rewrites the table",
        "NULL first, then fill in batches",
    ),
    _rule(
        r"ALTER COLUMN \S+ TYPE",
        "another type may rewrite the table",
        "a new column, filled in batches, and the old one dropped a release later",
    ),
    _rule(
        r"ALTER COLUMN \S+ SET NOT NULL",
        "every row is read under a lock",
        "a CHECK (… IS NOT NULL) NOT VALID, validated in a migration of its own",
    ),
    _rule(
        r"ADD CONSTRAINT .*(CHECK|FOREIGN KEY)(?!.*NOT VALID)",
        "every row is checked under a lock",
        "NOT VALID (AddConstraintNotValid), then ValidateConstraint in a migration of its own",
    ),
    _rule(
        r"ADD CONSTRAINT \S+ (UNIQUE|PRIMARY KEY|EXCLUDE)(?! USING INDEX)",
        "its index is built under a lock",
        "a unique index made concurrently, then ADD CONSTRAINT … USING INDEX",
    ),
    _rule(
        r"\bRENAME (COLUMN|TO|CONSTRAINT)",
        "old code knows the old name",
        "a new one beside it, and the old one dropped a release later",
        on_big_only=False,
    ),
    _rule(
        r"DROP (TABLE|COLUMN)",
        "old code still reads it",
        "stop using it in one release, drop it in the next (name it in DROPPED of the test)",
        on_big_only=False,
    ),
    _rule(
        r"^(UPDATE|DELETE FROM) ",
        "all rows are held until the migration ends",
        "a command that works in batches",
    ),
    _rule(
        r"LOCK TABLE|\bTRUNCATE\b|\bCLUSTER\b|VACUUM FULL",
        "the table is held whole",
        "no such statement",
        on_big_only=False,
    ),
)  # fmt: skip


def find_harm(statements: Iterable[str], *, big: Collection[str] = BIG) -> list[Harm]:
    """The statements of one migration that must not run while people work.

    What concerns only tables that the same migration makes harms nobody: they are empty.
    """
    told = [" ".join(each.split()) for each in statements]
    fresh = {name for each in told for name in re.findall(r'CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?', each)}
    return [
        Harm(statement, rule.why, rule.instead)
        for statement in told
        if (table := table_of(statement)) not in fresh
        for rule in RULES
        if rule.pattern.search(statement) and (table in big or not rule.on_big_only)
    ]


def table_of(statement: str) -> str:
    """The table that a statement is about; empty where it is about none.

    >>> table_of('CREATE INDEX "by_name" ON "judge_case" ("name")')
    'judge_case'
    """
    found = re.search(r'(?:ALTER TABLE(?: ONLY)?|\bON|UPDATE|DELETE FROM|LOCK TABLE|DROP TABLE) "?(\w+)"?', statement)
    return found[1] if found else ""
