"""Catalogues of translations: reads the .po text that people write, makes the .mo bytes that Python's gettext reads.

Formats: GNU gettext manual, "The Format of PO Files" and "The Format of GNU MO Files".
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator, Mapping

from judge.errors import InputError

MAGIC, REVISION, HEADER_BYTES = 0x950412DE, 0, 28
CONTEXT_MARK, PLURAL_MARK = "\x04", "\x00"
KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+(".*")\Z')


def read_catalogue(text: str, *, name: str) -> dict[str, str]:
    """Source text → translation, as gettext keeps them; fuzzy, obsolete and empty entries are left out.

    >>> read_catalogue('msgid "judge"\\nmsgstr "裁判"', name="zh.po")
    {'judge': '裁判'}
    """
    entries: dict[str, str] = {}
    for number, entry in _entries(text, name):
        forms = [entry[key] for key in sorted(entry) if key.startswith("msgstr")]
        if not all(forms):
            continue
        source = entry.get("msgid", "") + (PLURAL_MARK + entry["msgid_plural"] if "msgid_plural" in entry else "")
        key = entry["msgctxt"] + CONTEXT_MARK + source if "msgctxt" in entry else source
        if key in entries:
            raise InputError(f'"{source}" is translated twice', where=f"{name}, line {number}", expected="once")
        entries[key] = PLURAL_MARK.join(forms)
    return entries


def compile_catalogue(entries: Mapping[str, str]) -> bytes:
    """The .mo file of ``entries``: two tables of lengths and offsets (sources, translations), then the texts."""
    pairs = sorted((source.encode(), translation.encode()) for source, translation in entries.items())
    n = len(pairs)
    tables, texts, offset = b"", b"", HEADER_BYTES + 16 * n
    for column in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[column]), offset + len(texts))
            texts += pair[column] + b"\0"
    header = struct.pack("<7I", MAGIC, REVISION, n, HEADER_BYTES, HEADER_BYTES + 8 * n, 0, offset)
    return header + tables + texts


def _entries(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Entries by keyword (``msgid``, ``msgstr``, ``msgstr0``, …) with the line of their end."""
    entry: dict[str, str] = {}
    is_fuzzy, key = False, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        line = line.strip()
        if line.startswith("#"):
            is_fuzzy = is_fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif not line:
            if entry and not is_fuzzy:
                yield number - 1, entry
            entry, is_fuzzy = {}, False
        elif found := KEYWORD.match(line):
            key = found[1] + (found[2] or "")
            entry[key] = _unquoted(found[3], name, number)
        elif line.startswith('"') and entry:
            entry[key] += _unquoted(line, name, number)
        else:
            raise InputError(f"{line!r} is no part of a catalogue", where=f"{name}, line {number}", expected="msgid …")


def _unquoted(quoted: str, name: str, number: int) -> str:
    try:
        return str(ast.literal_eval(quoted))
    except (SyntaxError, ValueError):
        raise InputError("the quotes do not match", where=f"{name}, line {number}", expected='"…"') from None
