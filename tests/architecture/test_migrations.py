"""Migrations after the first release may run while people work (docs/deploy.md, "Upgrades without a stop")."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from judge.rules.migrating import find_harm
from tests.architecture.house import APPS

#: App → number of its last migration in the first release; empty until there was one: then nobody runs old code.
RELEASED: dict[str, int] = {}
#: Columns and tables that the release before stopped using, as "table.column": they may be dropped.
DROPPED: frozenset[str] = frozenset()


def migrations(*, released: dict[str, int]) -> list[tuple[str, str]]:
    """Those that came after a release, in order."""
    known = sorted(key for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations if key[0] in APPS)
    return [(app, name) for app, name in known if app in released and int(name[:4]) > released[app]]


def statements(app: str, name: str) -> list[str]:
    told = StringIO()
    call_command("sqlmigrate", app, name, stdout=told)
    plain = "\n".join(line for line in told.getvalue().splitlines() if not line.startswith("--"))
    return [each.strip() for each in plain.split(";\n") if each.strip() not in ("", "BEGIN", "COMMIT", "COMMIT;")]


def harm_in(app: str, name: str) -> list[str]:
    return [str(each) for each in find_harm(statements(app, name)) if not any(d in each.statement for d in DROPPED)]


@pytest.mark.django_db
def test_no_migration_since_the_first_release_stops_the_work() -> None:
    assert {f"{app} {name}": told for app, name in migrations(released=RELEASED) if (told := harm_in(app, name))} == {}


@pytest.mark.django_db
def test_the_check_reads_real_migrations() -> None:
    """Of the time before the release: one that makes an index on a big table while nobody may write."""
    known = migrations(released={"judge": 3})
    assert ("judge", "0004_imported_judgments") in known
    assert any("nobody writes to the table" in told for told in harm_in("judge", "0004_imported_judgments"))
