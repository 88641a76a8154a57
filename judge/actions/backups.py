"""A backup: the database as of one moment, the files beside it, and a manifest with checksums; and the way back."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from judge.actions import bulk
from judge.errors import InputError
from judge.services import dumps, state

MANIFEST, DATABASE, FILES = "manifest.json", "database.dump", "files.tar"
FORMAT = 1
#: Folders of the state folder that hold what people may still fetch. The secret key is not among them.
KEPT = ("exports", "rejected")
#: Rows whose number tells at a glance that all came back.
COUNTED = ("judge_project", "judge_case", "judge_judgment", "judge_agreedlabel", "judge_event", "judge_snapshot")
ASIDE = "cojudge_before_restore"
Say = Callable[[str], None]


def make(folder: Path, *, url: str, say: Say) -> dict[str, Any]:
    """Write a backup of the database at ``url`` into the new or empty ``folder``; its manifest.

    Work may go on meanwhile: what is committed after the start is not in it. Raises InputError for a folder in use.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} holds something already", expected="a new or an empty folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    say("writing the database …")
    rows = _count_rows()
    dumps.dump(url, folder / DATABASE)
    say("writing files …")
    _pack(folder / FILES)
    manifest = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "postgres": bulk.execute("SELECT current_setting('server_version')")[0][0],
        "migrations": _applied(),
        "rows": rows,
        "files": {name: _described(folder / name) for name in (DATABASE, FILES)},
    }
    # Last, and in one step: a folder without a manifest is no backup.
    fresh = folder / f"{MANIFEST}.new"
    fresh.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    fresh.replace(folder / MANIFEST)
    return manifest


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose every byte is there. Raises InputError for what is no whole backup."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{folder} is no backup, or one that was broken off", expected=f"a {MANIFEST} in it") from None
    except ValueError as error:
        raise InputError(f"{folder / MANIFEST} cannot be read: {error}") from error
    if manifest.get("format") != FORMAT:
        raise InputError(f"{folder} is of format {manifest.get('format')}", expected=str(FORMAT))
    for name, told in manifest["files"].items():
        if not (folder / name).is_file() or _described(folder / name) != told:
            raise InputError(f"{folder / name} is not what was written", next_step="Take another backup.")
    return manifest


def bring_back(folder: Path, *, url: str, replace: bool, say: Say) -> dict[str, Any]:
    """Restore the backup in ``folder`` into the database at ``url``, and its files; the manifest.

    Raises InputError for a broken backup, one of a newer version, or a database in use unless ``replace``.
    """
    manifest = check(folder)
    if unknown := sorted(set(manifest["migrations"]) - _known()):
        raise InputError(f"the backup is of a newer version (it has {unknown[0]})", next_step="Install that version.")
    in_use = bool(MigrationRecorder(connection).has_table())
    if in_use and not replace:
        raise InputError("the database holds tables already", next_step="Name an empty one, or add --replace.")
    say("bringing back the database …")
    with _put_aside(in_use):
        dumps.restore(url, folder / DATABASE)
    say("bringing back files …")
    with tarfile.open(folder / FILES) as packed:
        packed.extractall(state.folder(), filter="data")
    bulk.execute("ANALYZE")
    if (found := _count_rows()) != manifest["rows"]:
        say(f"note: the backup was taken while work went on: {_differences(manifest['rows'], found)}")
    return manifest


@contextmanager
def _put_aside(in_use: bool) -> Iterator[None]:
    """What the database holds steps aside while the block fills it anew; it comes back if that fails."""
    if in_use:
        bulk.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}; CREATE SCHEMA public")
    try:
        yield
    except BaseException:
        if in_use:
            bulk.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {ASIDE} RENAME TO public")
        raise
    if in_use:
        bulk.execute(f"DROP SCHEMA {ASIDE} CASCADE")


def _pack(target: Path) -> None:
    with tarfile.open(target, "w") as packed:
        for name in KEPT:
            if (path := state.folder() / name).is_dir():
                packed.add(path, arcname=name)


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _applied() -> list[str]:
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def _known() -> set[str]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {".".join(key) for key in {*loader.disk_migrations, *loader.replacements}}


def _count_rows() -> dict[str, int]:
    return {table: bulk.execute(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}  # noqa: S608 (our names)


def _differences(told: dict[str, int], found: dict[str, int]) -> str:
    return ", ".join(f"{key} {told[key]:,} → {n:,}" for key, n in found.items() if told.get(key) != n)
