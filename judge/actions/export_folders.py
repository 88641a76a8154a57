"""The folder of an export: its manifest and card, which several exports of one project may share."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from judge.actions import export_rows, snapshots
from judge.errors import InputError
from judge.formats.cards import write_card
from judge.formats.training_dialects import dataset_info
from judge.formats.writing import AtomicFile, write_manifest
from judge.models import Project, Snapshot

MANIFEST, CARD = "manifest.json", "README.md"
#: What LLaMA-Factory looks for in a folder of data sets.
DATA_SETS = "dataset_info.json"


def known(project: Project, folder: Path, names: Collection[str]) -> dict[str, Any]:
    """What the folder's manifest says of other exports of the project, whose files still stand there.

    Raises InputError where the folder holds an export of another project, or a manifest that is not ours.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {"files": [], "exports": []}
    found = _read(path)
    if found["project"] != project.slug:
        raise InputError(f"the folder holds an export of {found['project']}", where=str(folder), expected="another one")
    files = [each for each in found["files"] if each["name"] not in names and (folder / each["name"]).exists()]
    standing = {each["snapshot"] for each in files}
    return {"files": files, "exports": [each for each in found["exports"] if each["snapshot"] in standing]}


def describe(folder: Path, project: Project, snapshot: Snapshot, others: Mapping[str, Any]) -> Path:
    """Write manifest and card of the folder; returns the manifest's path."""
    fields = list(export_rows.columns_of(snapshots.scope_of(snapshot), snapshot.format))
    told = {**snapshots.describe(snapshot), "fields": fields}
    same = [each for each in others["exports"] if each["snapshot"] != snapshot.pk]
    manifest = {
        "project": project.slug,
        "is_demo": project.is_demo,
        "files": [*others["files"], *(_file(each, told) for each in snapshot.files)],
        "exports": [*same, told],
    }
    write_manifest(folder / MANIFEST, manifest)
    with AtomicFile(folder / CARD) as card:
        card.put(write_card(manifest).encode())
    if sets := _llama_factory(manifest):
        write_manifest(folder / DATA_SETS, sets)
    return folder / MANIFEST


def _llama_factory(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Data sets that LLaMA-Factory finds when it is given the folder, by the names of their files."""
    made = {each["snapshot"]: each for each in manifest["exports"] if each["dialect"] == "llama-factory"}
    return {
        Path(file["name"]).stem: dataset_info(file["format"], file["name"], made[file["snapshot"]]["fields"])
        for file in manifest["files"]
        if file["snapshot"] in made and not file.get("is_superseded")
    }


def _file(facts: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """A file's entry: where to look it up, and the counts of its export where it holds all of it."""
    whole = {"counts": told["counts"], "excluded": told["excluded"]} if told["split"] is None else {}
    return {**facts, **whole, "format": told["format"], "snapshot": told["snapshot"], "made_at": told["made_at"]}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not {"project", "files", "exports"} <= found.keys():
            raise ValueError
    except (ValueError, AttributeError):
        raise InputError(
            "the folder holds a manifest.json that is not ours", where=str(path.parent), expected="another folder"
        ) from None
    return dict(found)
