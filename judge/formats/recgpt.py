"""The keys that RecGPT's generators write, turned into the names we use."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from judge.errors import InputError
from judge.formats.json_text import NotJson, RefusedJson, decode, type_name

EXPLANATION = {"explanation": "explanation", "explation": "explanation"}  # the misspelling is theirs
NAMES: dict[str, dict[str, str]] = {  # task → folded key → our name; the first name is the one that must be there
    "tag": {"tag": "tag", "item tag": "tag", "interest": "interest", "reason": "reason"},
    "interest": {"interest": "interest", "stage": "stage", "reason": "reason", "id": "id"},
    "explanation": EXPLANATION,
    "explanation-v2": EXPLANATION,
}


def fold(key: str) -> str:
    """A key as it compares: ``Item_Tag`` and ``item tag`` are one."""
    return " ".join(key.replace("_", " ").replace("-", " ").lower().split())


def output_name(key: str, task: str) -> str:
    """Our name for a generator's key in this task; empty if it is none of its keys."""
    return NAMES.get(task, {}).get(fold(key), "")


def nearest(key: str, meanings: Mapping[str, str], *, cutoff: float = 0.7) -> str:
    """What somebody who wrote ``key`` probably meant, out of spelling → meaning; empty if nothing is near."""
    folded = {fold(spelling): meaning for spelling, meaning in meanings.items()}
    found = difflib.get_close_matches(fold(key)[:100], folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else ""


def read_output(raw: object, task: str, where: str) -> tuple[dict[str, object] | str, dict[str, object]]:
    """One output in our names, and what belongs to its notes (RecGPT's ``ID``) rather than to it."""
    value = open_json(raw) if task in NAMES else raw
    if isinstance(value, str):
        return _need_text(value, "output", where), {}
    if not isinstance(value, dict):
        raise InputError(f"output is {type_name(value)}", where=where, expected="text, an object, or a list of them")
    if not value:
        raise InputError("output is empty", where=where, expected="text or an object with keys")
    return _rename(value, task, where) if task in NAMES else (value, {})


def open_json(raw: object) -> object:
    """The object or list inside a text that spells one; anything else as it is."""
    if not isinstance(raw, str) or raw.lstrip()[:1] not in ("{", "["):
        return raw
    try:
        value = decode(raw)
    except (NotJson, RefusedJson):
        return raw  # a generator's broken JSON is what it wrote: people judge it as text
    return value if isinstance(value, dict | list) else raw


def _rename(raw: Mapping[str, object], task: str, where: str) -> tuple[dict[str, object] | str, dict[str, object]]:
    output: dict[str, object] = {}
    for key, value in raw.items():
        name = output_name(key, task) or key
        if name in output:
            raise InputError(f'output holds "{name}" twice, under two spellings', where=where)
        output[name] = value
    _refuse_near_misses(output, task, where)
    main = next(iter(NAMES[task].values()))
    output[main] = _need_text(output[main], f"output.{main}", where)
    notes = {"ID": output.pop("id")} if task == "interest" and "id" in output else {}
    return (str(output.pop(main)), output) if main == "explanation" else (output, notes)


def _refuse_near_misses(output: Mapping[str, object], task: str, where: str) -> None:
    names = list(dict.fromkeys(name for name in NAMES[task].values() if name != "id"))
    missing = {key: name for key, name in NAMES[task].items() if name in names and name not in output}
    for key in output:
        if key not in names and (meant := nearest(key, missing, cutoff=0.75)):
            raise InputError(f'output holds "{key}"', where=where, expected=meant)
    if names[0] not in output:
        raise InputError(f'output has no "{names[0]}"', where=where, expected=", ".join(names))


def _need_text(value: object, what: str, where: str) -> str:
    """Empty text passes: some generators write nothing, and people judge that."""
    if not isinstance(value, str):
        raise InputError(f"{what} is {type_name(value)}", where=where, expected="text")
    return value
