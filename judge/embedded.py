"""What a command needs before Django loads: the embedded database and a secret key, unless the team brings its own."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from judge import serving
from judge.errors import ServiceError
from judge.services import postgres, state, supervise, valkey

#: Commands that never open a database.
NO_DATABASE = frozenset(
    {
        "help",
        "--help",
        "-h",
        "version",
        "--version",
        "makemessages",
        "compilemessages",
        "write_roles",
        "write_reference",
    }
)
#: Commands that wake a worker and therefore bring a broker, unless BROKER_URL names one.
WITH_BROKER = frozenset({"demo", "serve"})
#: Commands that see to the schema themselves.
OWN_SCHEMA = frozenset(
    {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "check", "collectstatic", "flush", "restore"}
)
#: Commands that go through all rows while people work: they take what the others leave of the processors. Postgres
#: waits for whoever reads from it, so it slows down with them.
PATIENT = frozenset({"export_labels", "make_export", "backup"})
NICENESS = 10
DATABASE_REMEDY = "Start it or correct DATABASE_URL; without DATABASE_URL the embedded database is used."
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def prepare(argv: Sequence[str]) -> None:
    """Set DJANGO_SETTINGS_MODULE, DATABASE_URL, BROKER_URL and COJUDGE_SECRET_KEY where they are missing and we can
    bring or find what they name; see to the tables. Raises ServiceError, saying what to do, where we cannot."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    command = argv[1] if len(argv) > 1 else "help"
    if "DATABASE_URL" in os.environ:
        describe_database()  # says at once if it cannot be read
    if command in NO_DATABASE:
        os.environ.setdefault("COJUDGE_SECRET_KEY", "unused")
        return
    is_embedded = "DATABASE_URL" not in os.environ
    with _broker_beside(command):
        ensure_database()
    if not is_embedded:
        _see_to_key(command)
    see_to_broker(command, is_embedded)
    if command == "serve":
        _begin_serving(argv)
    if (is_embedded and command not in OWN_SCHEMA) or command == "demo":
        _migrate()
    elif command == "serve":
        _refuse_old_tables()


def step_back(argv: Sequence[str]) -> None:
    """Let a patient command run at low priority; not before `prepare`, whose servers would inherit it."""
    if argv[1:2] and argv[1] in PATIENT:
        os.nice(NICENESS)


@contextmanager
def _broker_beside(command: str) -> Iterator[None]:
    """Start the broker while the database starts, where both are ours; `see_to_broker` finds it."""
    if command not in WITH_BROKER or os.environ.get("BROKER_URL"):
        yield
        return
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(valkey.ensure)
        yield
    found.result()


def _begin_serving(argv: Sequence[str]) -> None:
    """The web server loads while we look at the tables; where these are old it is stopped again."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--port", type=int, default=0)
    with suppress(SystemExit):  # the command itself says what is wrong with its words
        serving.begin(parser.parse_known_args(list(argv[2:]))[0].port)


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


def describe_database() -> str:
    """Where DATABASE_URL points, without its password. Raises ServiceError where it cannot be read."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
    except ProgrammingError:  # its text may hold the password
        raise ServiceError(
            "DATABASE_URL cannot be read (expected: postgresql://user:password@host:5432/name). Correct it, or unset "
            "it to use the embedded database."
        ) from None
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    return f"{parts.get('dbname') or 'the database'} at {host}:{parts.get('port') or 5432}"


def find_fault(error: BaseException) -> str:
    """What is wrong with a database that cannot be reached; empty when the error is of another kind."""
    from django.db import InterfaceError, OperationalError

    code = getattr(error.__cause__, "sqlstate", None)  # a refused connection has none
    is_away = code is None or code[:2] in {"08", "28", "3D", "53", "57"}
    if not isinstance(error, OperationalError | InterfaceError) or not is_away:
        return ""
    return f"{describe_database()} does not answer: {' '.join(str(error).split())[:300].rstrip('.')}"


def explain(error: BaseException) -> str:
    """The same with what to do about it."""
    return f"{fault}. {DATABASE_REMEDY}" if (fault := find_fault(error)) else ""


def _see_to_key(command: str) -> None:
    if os.environ.get("COJUDGE_SECRET_KEY"):
        return
    if command == "demo":
        os.environ["COJUDGE_SECRET_KEY"] = secret_key(state.folder())
    elif command == "serve":
        raise ServiceError(
            f"COJUDGE_SECRET_KEY is not set, and with DATABASE_URL it must be: set it to a long random text ({NEW_KEY})"
        )


def see_to_broker(command: str, is_embedded: bool) -> None:
    """Bring a broker for the commands that need one; let the others find the one of a running demo."""
    if command in WITH_BROKER:
        os.environ["BROKER_URL"] = os.environ.get("BROKER_URL") or valkey.ensure()
    elif is_embedded and "BROKER_URL" not in os.environ:  # beside a running `make demo`, its broker is ours
        found = supervise.look(valkey.make_service(state.folder()))
        if found.running:
            os.environ["BROKER_URL"] = found.address


def _missing_migrations() -> int:
    import django
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrate() -> None:
    from django.core.management import call_command

    if n_missing := _missing_migrations():
        serving.abandon()
        print(f"cojudge: bringing the database up to date ({n_missing} migrations)", file=sys.stderr)
        call_command("migrate", interactive=False, verbosity=0)


def _refuse_old_tables() -> None:
    if n_missing := _missing_migrations():
        serving.abandon()
        raise ServiceError(
            f"{describe_database()} lacks {n_missing} migrations of this version: run manage.py migrate first"
        )
