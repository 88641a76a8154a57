"""The previous version's tests on this version's tables: an upgrade without a stop runs both for a while.

    .venv/bin/python scripts/test_previous.py [REF] [words for pytest …]

REF: the latest tag, else the tenth commit before this one. Without words: the tests of actions and views. The old code
is taken from git into a folder of its own; the tables are made by the migrations of this checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WORDS = ["tests/judge/actions", "tests/annotation/actions", "tests/judge/views"]


def main(words: list[str]) -> int:
    from judge.services.postgres import Address, throwaway_postgres

    ref, chosen = (words[0], words[1:]) if words else (previous(), [])
    with tempfile.TemporaryDirectory(prefix="cojudge-previous-") as folder, throwaway_postgres() as address:
        subprocess.run(f"git archive {ref} | tar x -C {folder}", shell=True, cwd=ROOT, check=True)  # noqa: S602
        psql(address.url, "CREATE DATABASE test_cojudge")
        tables = Address(address.host, address.port, address.user, "test_cojudge").url
        environment = os.environ | {"COJUDGE_SECRET_KEY": "tests"}
        new = environment | {"DATABASE_URL": tables}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=new, check=True)
        print(f"tests of {ref} on the tables of this checkout", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-p", "no:cacheprovider", *(chosen or WORDS)]
        old = environment | {"DATABASE_URL": address.url}
        return subprocess.run(command, cwd=folder, env=old, check=False).returncode  # noqa: S603


def previous() -> str:
    """The latest tag; where there is none, the tenth commit before this one."""
    words = ["git", "describe", "--tags", "--abbrev=0"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)  # noqa: S603
    return told.stdout.strip() or "HEAD~10"


def psql(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as line:
        line.execute(statement.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
