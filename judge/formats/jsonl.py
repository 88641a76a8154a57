"""JSON lines: one object a line, each line good or bad on its own."""

from __future__ import annotations

import io
from collections.abc import Iterator

from judge.formats.json_text import NotJson, RefusedJson, decode_object, decode_plain, find_unstorable
from judge.formats.rows import Rejected, Row, excerpt
from judge.formats.streams import BoundedStream, Line, read_lines


def read_jsonl(stream: io.BufferedReader, bound: BoundedStream) -> Iterator[Row | Rejected]:
    """Every line that is not blank, as a row or as what is wrong with it."""
    number = 0
    for line in read_lines(stream):
        number = line.number
        if line.is_last_without_end and bound.damage:
            yield Rejected(number, bound.damage, excerpt(line.raw))
            return
        if line.raw.strip():
            yield read_line(line)
    if bound.damage:
        yield Rejected(number + 1, bound.damage, "")


def read_line(line: Line) -> Row | Rejected:
    """One line's object, or why it was turned away."""
    if line.too_long:
        problem = f"the line is too long (expected: at most {len(line.raw):,} bytes)"
        return Rejected(line.number, problem, excerpt(line.raw))
    if found := decode_plain(line.raw):
        return Row(line.number, found[0], is_storable=True, size=found[1])
    try:
        data = decode_object(line.raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Rejected(line.number, f"not UTF-8 text: byte {error.start + 1} of the line", excerpt(line.raw))
    except (NotJson, RefusedJson) as error:
        cut = " (the file ends here: was it cut off?)" if line.is_last_without_end else ""
        return Rejected(line.number, f"{error}{cut}", excerpt(line.raw))
    if problem := find_unstorable(data):
        return Rejected(line.number, problem, excerpt(line.raw))
    return Row(line.number, data, is_storable=True)
