"""Whatever the bytes, a reader says what it found: properties."""

from __future__ import annotations

import csv
import gzip
import io
import json
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.json_text import find_unstorable
from judge.formats.reading import Rejected, Row
from tests.judge.formats.test_reading import parquet, read, rows

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure


def is_storable(found: Row | Rejected) -> bool:
    told = found.data if isinstance(found, Row) else {"problem": found.problem, "raw": found.raw_excerpt}
    return not find_unstorable(told)


names = st.sampled_from(["a.jsonl", "a.csv", "a.tsv", "a.parquet", "a.gz", "a", "a.jsonl.gz"])
harsh = st.binary(max_size=400) | st.lists(
    st.sampled_from([b'{"a": ', b'"', b"\n", b",", b"}", b"[", b"\r", b"\xff", b"\x00", b"1", b"\xef\xbb\xbf", b"\\"])
).map(b"".join)


@patient
@given(harsh, names)
@example(b"PAR1" + b"\x00" * 20 + b"PAR1", "a.parquet")
@example(b"a,b\r1,2\r", "a.csv")
@example(rb'{"\u0000": 1, "\u0000": 2}', "a.jsonl")
def test_no_bytes_break_a_reader(data: bytes, name: str):
    for each in (data, gzip.compress(data), b"id,output\n" + data, b"PAR1" + data + b"PAR1"):
        with suppress(InputError):
            assert all(is_storable(found) for found in read(each, name))


WHOLE = {
    "a.jsonl.gz": gzip.compress(b'{"id": 1, "context": {"k": "x"}}\n' * 50),
    "a.csv": b'id,context\n1,"{""k"": 1}"\n' * 20,
    "a.parquet": parquet({"id": ["1", "2"] * 20, "context": [{"k": "x"}, None] * 20}),
}


@patient
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_damage_to_a_good_file_breaks_a_reader(name: str, data: st.DataObject):
    whole = bytearray(WHOLE[name])
    if name != "a.parquet":  # a flipped bit inside Parquet is for its library to survive
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with suppress(InputError):
        assert all(is_storable(found) for found in read(bytes(whole[:cut]), name))


json_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
objects = st.dictionaries(
    json_texts, st.none() | st.booleans() | st.integers() | json_texts | st.lists(json_texts), max_size=4
)


@patient
@given(st.lists(objects, min_size=1, max_size=5))
def test_json_lines_arrive_as_they_were_written(wanted: list[dict[str, object]]):
    data = "\n".join(json.dumps(each, ensure_ascii=False) for each in wanted).encode()
    assert [row for _, row in rows(read(data))] == wanted


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=20)


@patient
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_csv_cells_arrive_as_they_were_written(wanted: list[tuple[str, str]]):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("id", "user"), *wanted])
    found = read(file.getvalue().encode(), "a.csv")
    assert [(row["id"], row["user"]) for _, row in rows(found)] == wanted
