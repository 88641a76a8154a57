"""Exports at hand in pandas: columns with the types that they mean, whatever kind of file they came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import InputError
from judge.formats.training import LABELS_COLUMNS
from judge.formats.writing import FORMULA_STARTS

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
#: Texts that come again and again.
FEW = frozenset(
    {"criterion", "label", "basis", "judge_version", "rubric_version", "stream", "split", "generator", "language"}
)
#: JSON that is written as text where the value is one.
MIXED = frozenset({"context", "output"})


def read_snapshot(path: str | Path, format: str = "labels") -> pd.DataFrame:
    """The rows of an export as a DataFrame: of one file, or of a folder all files of ``format``, splits together.

    Of ``labels``, names that come again are categories, counts are nullable integers, ``passes`` and ``audited``
    nullable booleans, ``probs`` a dict, ``raters`` a list; ``context`` and ``output`` are text or what the JSON holds.
    Rows of other formats come as they are. Of a folder, ``attrs["export"]`` holds what the manifest says: counts,
    quality with its interval, agreement, certificates, limits. Raises InputError where there is no such export.
    """
    import pandas as pd

    path = Path(path)
    files, told = _find(path, format) if path.is_dir() else ([path], None)
    frames = [_read(file) for file in files]
    filled = [each for each in frames if not each.empty] or frames[:1]
    frame = pd.concat(filled, ignore_index=True)
    if frame.empty and format == "labels":
        frame = frame.reindex(columns=list(LABELS_COLUMNS))
    if set(frame.columns) == set(LABELS_COLUMNS):
        frame = pd.DataFrame({name: _typed(frame[name], name, kind) for name, kind in LABELS_COLUMNS.items()})
    if told:
        frame.attrs["export"] = told
    return frame


def _find(folder: Path, format: str) -> tuple[list[Path], dict[str, Any]]:
    """The files of a format and what the manifest says of their export: the latest where there are several."""
    if not (folder / MANIFEST).exists():
        raise InputError(f"there is no {MANIFEST}", where=str(folder), expected="the folder of an export")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    made = [each for each in manifest["exports"] if each["format"] == format]
    if not made:
        there = ", ".join(sorted({each["format"] for each in manifest["exports"]}))
        raise InputError(f'the folder holds no "{format}"', where=str(folder), expected=there)
    told = max(made, key=lambda each: int(each["snapshot"]))
    names = [
        each["name"]
        for each in manifest["files"]
        if each["snapshot"] == told["snapshot"] and not each.get("is_superseded")
    ]
    return [folder / name for name in names], told


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError("there is no such file", where=str(path))
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""]).map(_without_mark)
    if path.suffix == ".jsonl":
        return pd.DataFrame.from_records(list(_lines(path)))
    raise InputError(f'"{path.name}" is no export', where=str(path.parent), expected=".jsonl, .csv or .parquet")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _without_mark(cell: Any) -> Any:
    """A cell as it was before a spreadsheet was kept from running it."""
    is_marked = isinstance(cell, str) and cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS)
    return cell[1:] if is_marked else cell


def _typed(column: Any, name: str, kind: str) -> Any:
    if kind == "json":
        return column.map(lambda value: _open(value, is_mixed=name in MIXED)).astype(object)
    if kind == "bool":
        return column.map({True: True, False: False, "true": True, "false": False}).astype("boolean")
    if kind == "int":
        return _number(column).astype("Int64")
    if kind == "float":
        return _number(column).astype("float64")
    return column.astype("string").astype("category" if name in FEW else "string")


def _number(column: Any) -> Any:
    import pandas as pd

    return pd.to_numeric(column)


def _open(value: Any, *, is_mixed: bool) -> Any:
    """JSON in a cell of a table; what is a text by itself stays one, as in imports."""
    if not isinstance(value, str) or (is_mixed and value.lstrip()[:1] not in ("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
