"""What a command needs before Django loads: the embedded database and a secret key, unless the team brings its own."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from judge.services import postgres, state, valkey

#: Commands that never open a database.
NO_DATABASE = frozenset({"help", "--help", "-h", "version", "--version", "makemessages", "compilemessages"})
#: Commands that wake a worker and therefore bring a broker, unless BROKER_URL names one.
WITH_BROKER = frozenset({"demo", "serve"})
#: Commands that see to the schema themselves.
OWN_SCHEMA = frozenset({"migrate", "makemigrations", "sqlmigrate", "showmigrations", "check", "collectstatic", "flush"})


def prepare(argv: Sequence[str]) -> None:
    """Set DJANGO_SETTINGS_MODULE, DATABASE_URL and COJUDGE_SECRET_KEY where they are missing; migrate the embedded
    database when the code is newer than its tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    command = argv[1] if len(argv) > 1 else "help"
    if command in NO_DATABASE:
        os.environ.setdefault("COJUDGE_SECRET_KEY", "unused")
        return
    is_embedded = "DATABASE_URL" not in os.environ
    ensure_database()
    if command in WITH_BROKER and not os.environ.get("BROKER_URL"):
        os.environ["BROKER_URL"] = valkey.ensure()
    if is_embedded and command not in OWN_SCHEMA:
        _migrate()


def ensure_database() -> None:
    """Make sure that DATABASE_URL and COJUDGE_SECRET_KEY say where the data is and how it is signed."""
    if "DATABASE_URL" in os.environ:
        return
    os.environ["DATABASE_URL"] = postgres.ensure().url
    os.environ.setdefault("COJUDGE_SECRET_KEY", secret_key(state.folder()))


def secret_key(folder: Path) -> str:
    """The secret of this installation: made once, readable by its owner alone."""
    path = folder / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(48))
    return key


def _migrate() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print(f"cojudge: bringing the embedded database up to date ({len(plan)} migrations)", file=sys.stderr)
        call_command("migrate", interactive=False, verbosity=0)
