"""Items as records: what one line of an import says, checked and named as we name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import orjson

from judge.errors import InputError
from judge.formats import fields, recgpt
from judge.formats.json_text import canonical, digest, find_unstorable, type_name

KNOWN_KEYS = (
    "id", "context", "output", "context_id", "user", "generator", "language", "category", "round", "created_at",
    "prompt", "meta",
)  # fmt: skip
_KNOWN = frozenset(KNOWN_KEYS)
CARRIED_KEYS = frozenset({"task", "criterion", "generators"})  # common in research sets; kept in meta
OTHER_WORDS = {
    "item id": "id", "uid": "user", "lang": "language", "input": "context", "text": "output", "response": "output",
    "completion": "output",
}  # fmt: skip
LONGEST = {"context": 200_000, "output": 50_000, "prompt": 200_000, "meta": 50_000}
#: On a line of no more bytes than this nothing can be too long.
SHORT = min(LONGEST.values()) // 8
MOST_OUTPUTS = 1000

Kind = Literal["single", "pair"]


@dataclass(slots=True)
class ItemRecord:
    """One generated output in its context. ``output`` of a pair is ``{"a": …, "b": …}``."""

    id: str
    context_id: str
    context: dict[str, object] | str
    output: dict[str, object] | str
    kind: Kind = "single"
    user: str = ""
    generator: str = ""
    language: str = "en"
    category: str = ""
    round: int | None = None
    created_at: datetime | None = None
    prompt: str = ""
    meta: dict[str, object] = field(default_factory=dict)


def items_from_row(
    row: Mapping[str, object], *, task: str, where: str, is_storable: bool = False, size: int = 0
) -> list[ItemRecord]:
    """The items on one line: one, or one for each output of a list; an InputError says what is wrong with it.

    ``is_storable``: whoever read the line has looked already whether the database can keep it. ``size``: its bytes as
    JSON, where they were counted already."""
    is_short = 0 < size <= SHORT
    if not is_storable and (problem := find_unstorable(row)):
        raise InputError(problem, where=where)
    known, flat, extra = _sort_keys(row, task, where)
    context = _read_context(known, where, is_short)
    raw_outputs, is_list = _find_outputs(known, flat, task, where)
    outputs = [recgpt.read_output(raw, task, where) for raw in raw_outputs]
    told = [output for output, _ in outputs]
    item_id = fields.read_name(known, "id", where) or f"item-{digest([context, told if is_list else told[0]])[:16]}"
    context_id = fields.read_name(known, "context_id", where) or f"ctx-{digest(context)[:16]}"
    meta = _read_meta(known, extra, where, is_short)
    return [
        _make_item(known, context, output, f"{item_id}#{number}" if is_list else item_id, context_id, task, where,
                   meta=_add_notes(meta, notes, where, is_short) if notes else meta, is_short=is_short)
        for number, (output, notes) in enumerate(outputs)
    ]  # fmt: skip


def _make_item(
    known: Mapping[str, object], context: dict[str, object] | str, output: dict[str, object] | str, item_id: str,
    context_id: str, task: str, where: str, *, meta: dict[str, object], is_short: bool,
) -> ItemRecord:  # fmt: skip
    _check_length(output, "output", where, is_short)
    return ItemRecord(
        id=fields.check_name(item_id, "id", where),
        context_id=context_id,
        context=context,
        output=output,
        kind=_read_kind(output, task, where),
        user=fields.read_name(known, "user", where) if "user" in known else "",
        generator=fields.read_name(known, "generator", where) if "generator" in known else "",
        language=fields.read_language(known, where) or fields.guess_language(output),
        category=fields.read_name(known, "category", where) if "category" in known else "",
        round=fields.read_round(known, where),
        created_at=fields.read_time(known, "created_at", where),
        prompt=_check_length(fields.read_text(known, "prompt", where), "prompt", where, is_short),
        meta=meta,
    )


def _sort_keys(
    row: Mapping[str, object], task: str, where: str
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """The row's known fields, a generator's keys lying flat beside them, and foreign keys that go to meta."""
    known: dict[str, object] = {}
    flat: dict[str, object] = {}
    extra: dict[str, object] = {}
    for key, value in row.items():
        if value is None:
            continue  # an absent field, as CSV and Parquet must say it
        target = known if key in _KNOWN else flat if recgpt.output_name(key, task) else extra
        target[key] = value
    if extra:
        _refuse_misspelt(extra, known, flat, task, where)
    return known, flat, extra


def _refuse_misspelt(
    extra: Mapping[str, object], known: Mapping[str, object], flat: Mapping[str, object], task: str, where: str
) -> None:
    """A foreign key is a note, unless it looks like a field that this very line lacks."""
    told = {recgpt.output_name(key, task) for key in flat}
    names = {} if "output" in known else recgpt.NAMES.get(task, {})
    lacking = {key: key for key in KNOWN_KEYS if key not in known}
    lacking |= {key: name for key, name in names.items() if name not in told and key not in KNOWN_KEYS}
    for key in extra.keys() - CARRIED_KEYS:
        meant = OTHER_WORDS.get(recgpt.fold(key), "")
        if meant not in lacking:
            meant = recgpt.nearest(key, lacking)
        if meant:
            step = "Rename it, or move it into meta if it is a note of your own."
            raise InputError(f'"{key[:80]}" is not a field of an item', where=where, expected=meant, next_step=step)


def _find_outputs(
    known: Mapping[str, object], flat: dict[str, object], task: str, where: str
) -> tuple[list[object], bool]:
    if "output" in known and flat:
        beside = ", ".join(flat)
        raise InputError(f"{beside} beside output", where=where, expected="either output, or its keys flat, not both")
    raw = known.get("output", flat or None)
    if raw is None:
        keys = ", ".join(dict.fromkeys(recgpt.NAMES.get(task, {}).values()))
        expected = f"output, or {keys} as keys of the line" if keys else "id, context, output"
        raise InputError("no output", where=where, expected=expected)
    value = recgpt.open_json(raw) if task in recgpt.NAMES else raw
    if not isinstance(value, list):
        return [value], False
    if not 0 < len(value) <= MOST_OUTPUTS:
        raise InputError(f"output lists {len(value)} outputs", where=where, expected=f"1 to {MOST_OUTPUTS}")
    return value, True


def _read_kind(output: dict[str, object] | str, task: str, where: str) -> Kind:
    if isinstance(output, dict) and output.keys() == {"a", "b"} and task in ("pairwise", "custom"):
        return "pair"
    if task == "pairwise":
        raise InputError("output is no pair", where=where, expected='{"a": …, "b": …}')
    return "single"


def _read_context(known: Mapping[str, object], where: str, is_short: bool) -> dict[str, object] | str:
    context = known.get("context")
    if context is None:
        raise InputError("no context", where=where, expected="id, context, output")
    if not isinstance(context, dict | str):
        raise InputError(f"context is {type_name(context)}", where=where, expected="text or an object")
    if not context or (isinstance(context, str) and not context.strip()):
        raise InputError("context is empty", where=where, expected="what the generator knew: text or an object")
    return _check_length(context, "context", where, is_short)


def _read_meta(known: Mapping[str, object], extra: dict[str, object], where: str, is_short: bool) -> dict[str, object]:
    meta = known.get("meta", {})
    if not isinstance(meta, dict):
        raise InputError(f"meta is {type_name(meta)}", where=where, expected="an object")
    return _add_notes(meta, extra, where, is_short)


def _add_notes(meta: dict[str, object], notes: dict[str, object], where: str, is_short: bool) -> dict[str, object]:
    if both := sorted(meta.keys() & notes.keys()):
        raise InputError(f'"{both[0]}" stands both in meta and beside it', where=where)
    return _check_length(meta | notes, "meta", where, is_short)


def _check_length[T: (str, dict[str, object], dict[str, object] | str)](
    value: T, name: str, where: str, is_short: bool
) -> T:
    if is_short:
        return value
    length = len(value) if isinstance(value, str) else _length(value, LONGEST[name])
    if length > LONGEST[name]:
        expected = f"at most {LONGEST[name]:,}"
        raise InputError(f"{name} is {length:,} characters long", where=where, expected=expected)
    return value


def _length(value: dict[str, object], most: int) -> int:
    """Characters of the canonical spelling; where it is sure to be within ``most``, the bytes of a quicker one."""
    try:
        n_bytes = len(orjson.dumps(value))
    except TypeError:  # numbers beyond 64 bits
        n_bytes = most + 1
    return n_bytes if n_bytes <= most // 2 else len(canonical(value))
