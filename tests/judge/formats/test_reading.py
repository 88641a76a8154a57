"""Files people bring: good lines come through, bad ones are named, and nothing fills the memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.errors import InputError
from judge.formats.reading import Rejected, Row, read_rows


def read(data: bytes, name: str = "items.jsonl", **limits: int) -> list[Row | Rejected]:
    return list(read_rows(io.BytesIO(data), name=name, **limits))


def rows(found: Iterable[Row | Rejected]) -> list[tuple[int, dict[str, object]]]:
    return [(each.number, each.data) for each in found if isinstance(each, Row)]


def rejected(found: Iterable[Row | Rejected]) -> list[tuple[int, str]]:
    return [(each.number, each.problem) for each in found if isinstance(each, Rejected)]


def problem(data: bytes, name: str = "items.jsonl", **limits: int) -> str:
    with pytest.raises(InputError) as caught:
        read(data, name, **limits)
    assert name in str(caught.value)
    return str(caught.value)


def parquet(table: dict[str, list[object]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(table), file)
    return file.getvalue()


def test_a_bad_line_is_named_and_the_good_ones_go_in():
    found = read(b'{"id": 1}\n{"id": 2\n\n[3]\n{"id": "\xff"}\n{"id": 6, "id": 7}\n{"id": NaN}\n{"id": 8}')
    assert rows(found) == [(1, {"id": 1}), (8, {"id": 8})]
    told = dict(rejected(found))
    assert list(told) == [2, 4, 5, 6, 7]
    assert told[2].startswith("not JSON: ")
    assert told[4] == "a list instead of an object"
    assert told[5].startswith("not UTF-8 text")
    assert told[6] == 'the key "id" stands twice in one object'
    assert told[7] == "NaN is no JSON number"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"a": 1e999}', "1e999 is no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a": ' + b"[" * 100_000, "nested deeper"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "nested deeper"),
        (rb'{"a": "\u0000"}', "a holds a NUL character"),
        (rb'{"a": {"b": "\ud800"}}', "a.b holds half a character"),
        (b'{"a": "\x00"}', "not JSON"),
    ],
    ids=["infinity", "digits", "abyss", "depth", "nul", "surrogate", "raw nul"],
)
def test_a_line_that_would_harm_the_database_is_turned_away(line: bytes, told: str):
    found = read(line + b'\n{"id": 2}\n')
    assert told in rejected(found)[0][1]
    assert rows(found) == [(2, {"id": 2})]


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert rows(read(b'\xef\xbb\xbf{"id": 1}\r\n{"id": 2}\r\n')) == [(1, {"id": 1}), (2, {"id": 2})]


def test_what_is_turned_away_can_be_shown_and_stored():
    (found,) = [each for each in read(b'{"id": 1}\n\x00\xff' + b"x" * 9000) if isinstance(each, Rejected)]
    assert found.raw_excerpt.startswith("\\x00\\xffxxx")
    assert len(found.raw_excerpt) == 2001


class Endless(io.RawIOBase):
    """A line of 50 MB that never lies in memory, between whatever comes before and after it."""

    def __init__(self, before: bytes, after: bytes) -> None:
        super().__init__()
        self.parts = iter([before, *[b"x" * 8192] * 6200, after])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        part = next(self.parts, b"")
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.jsonl", b'{"id": 1}\n', b'\n{"id": 2}\n'),
        ("a.csv", b"id,output\n1,x\n2,", b"\n3,x\n"),
        ("a.csv", b'id,output\n1,x\n2,"', b'"\n3,x\n'),
    ],
)
def test_a_line_of_fifty_megabytes_is_passed_over_in_little_memory(name: str, before: bytes, after: bytes):
    tracemalloc.start()
    try:
        found = list(read_rows(io.BufferedReader(Endless(before, after)), name=name))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [isinstance(each, Row) for each in found] == [True, False, True]
    assert "too long" in rejected(found)[0][1]
    assert peak < 20_000_000


def test_a_quote_that_swallows_megabytes_of_lines_is_given_up():
    lines = b"12345678,abcdefgh\n" * 500_000
    found = read(b'id,output\n1,"x\n' + lines, "a.csv")
    assert "the row is too long" in rejected(found)[0][1]
    assert rejected(found)[0][0] == 2
    assert len(rows(found)) > 1000


def test_a_hundred_thousand_lines_are_read_in_flat_memory(tmp_path: Path):
    path = tmp_path / "items.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        line = json.dumps({"id": "i", "context": "用户" * 20, "output": "x" * 50}, ensure_ascii=False).encode() + b"\n"
        for _ in range(100):
            file.write(line * 1000)
    tracemalloc.start()
    try:
        count = sum(isinstance(each, Row) for each in read_rows(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 2_000_000


def test_an_archive_that_was_cut_off_gives_its_whole_lines_and_says_so():
    lines = b"".join(b'{"id": %d}\n' % (number * number * 7919) for number in range(20_000))
    found = read(gzip.compress(lines)[:-2000], "items.jsonl.gz")
    assert 1000 < len(rows(found)) < 20_000
    assert rejected(found) == [(len(rows(found)) + 1, "the compressed file ends too early: it was cut off")]


def test_an_archive_with_a_wrong_checksum_says_so():
    data = bytearray(gzip.compress(b'{"id": 1}\n'))
    data[-8] ^= 1
    found = read(bytes(data), "items.jsonl.gz")
    assert rows(found) == [(1, {"id": 1})]
    assert "damaged" in rejected(found)[0][1]


@pytest.mark.parametrize("name", ["items.jsonl.gz", "items.jsonl"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_bytes_say_whether_a_file_is_packed_not_its_name(name: str, pack: object):
    assert rows(read(pack(b'{"id": 1}\n'), name)) == [(1, {"id": 1})]


@pytest.mark.parametrize("name", ["items.jsonl.gz", "items.csv.gz"])
def test_a_bomb_is_stopped_at_the_limit(name: str):
    bomb = gzip.compress(b'id,x\n"\n' + b"\n" * 5_000_000)
    assert "too large (expected: at most 1,000,000 bytes unpacked)" in problem(bomb, name, max_bytes=1_000_000)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a", "a.jsonl.gz"])
def test_an_empty_file_is_told(name: str):
    assert "the file is empty" in problem(b"", name)
    assert "the file is empty" in problem(gzip.compress(b""), name)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\n\n\n", "a.jsonl"),
        (b"id,output\n", "a.csv"),
        (b"id,output\n,\n", "a.csv"),
        (parquet({"id": []}), "a.parquet"),
    ],
)
def test_a_file_without_rows_is_told(data: bytes, name: str):
    assert "the file holds no rows" in problem(data, name)


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b'[{"id": 1}]', "a.json", "one JSON list (expected: one object a line). Convert it with: jq"),
        (b"PK\x03\x04\x14\x00", "a.xlsx", "of no kind we read (expected: JSON lines (.jsonl), CSV"),
        (b"hello", "notes.txt", "of no kind we read"),
        ("id,output\n".encode("utf-16"), "a.csv", "UTF-16. Save it as UTF-8"),
        (b"id,output\n1,2", "a.parquet", "not Parquet"),
        (b"PAR1 and then nothing", "a.parquet", "not a whole Parquet file"),
        (b"id,id\n1,2", "a.csv", 'two columns are named "id"'),
        (b",\n1,2", "a.csv", "the header is empty"),
        (b'"id\n1,2', "a.csv", "no header"),
    ],
)
def test_a_file_that_cannot_be_taken_says_what_can(data: bytes, name: str, told: str):
    assert told in problem(data, name)


def test_a_missing_file_is_told():
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be opened: No such file"):
        list(read_rows("nowhere.csv"))


@pytest.mark.parametrize("name", ["upload", "items.data"])
def test_a_file_without_a_telling_name_is_known_by_its_content(name: str):
    assert rows(read(b'{"id": "1"}\n', name)) == [(1, {"id": "1"})]
    assert rows(read(b"id,output\n1,x\n", name)) == [(2, {"id": "1", "output": "x"})]
    assert rows(read(parquet({"id": ["1"]}), name)) == [(1, {"id": "1"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_cells_hold_quotes_lines_and_json(delimiter: str):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(["id", "context", "output", "user"])
    writer.writerow(["1", '{"likes": ["a", "b"]}', 'he said "x",\nand left', ""])
    writer.writerow(["2", "[sic] a text", "{smile}", "u"])
    found = read(file.getvalue().encode(), "items.csv")
    assert rows(found) == [
        (2, {"id": "1", "context": {"likes": ["a", "b"]}, "output": 'he said "x",\nand left'}),
        (4, {"id": "2", "context": "[sic] a text", "output": "{smile}", "user": "u"}),
    ]


def test_a_csv_cell_may_be_as_long_as_a_context():
    assert len(str(rows(read(b"id,context\n1," + b"x" * 200_000, "a.csv"))[0][1]["context"])) == 200_000


def test_bad_csv_rows_are_named_and_the_good_ones_go_in():
    found = read(b'id,output\n1,a\n2\n3,c,d\n4,"e"f\n5,\xff\n6,\x00\n7,g\n8,"never closed\n9,i', "a.csv")
    assert [number for number, _ in rows(found)] == [2, 8]
    told = dict(rejected(found))
    assert told[3] == "1 cells (expected: 2, one for each named column)"
    assert told[4].startswith("3 cells")
    assert told[5].startswith("not CSV: ")
    assert told[6].startswith("not UTF-8 text")
    assert "NUL" in told[7]
    assert "lines 9 to 10 could not be read" in told[9]


def test_a_json_cell_with_a_doubled_key_is_turned_away():
    found = read(b'id,context\n1,"{""a"": 1, ""a"": 2}"\n', "a.csv")
    assert rejected(found) == [(2, 'context: the key "a" stands twice in one object')]


def test_parquet_rows_keep_their_types_and_leave_out_nulls():
    table = {"id": ["1", "2"], "context": [{"k": 1}, {"k": 2}], "output": ['{"a": "x"}', None], "round": [1, None]}
    found = rows(read(parquet(table), "a.parquet"))
    assert found == [
        (1, {"id": "1", "context": {"k": 1}, "output": {"a": "x"}, "round": 1}),
        (2, {"id": "2", "context": {"k": 2}}),
    ]


def test_a_parquet_file_that_claims_too_much_is_refused():
    assert "too large" in problem(parquet({"id": ["x" * 5000]}), "a.parquet", max_bytes=1000)


def test_the_callers_file_stays_open():
    for data, name in (
        (b'{"id": 1}\n', "a.jsonl"),
        (gzip.compress(b"id\tx\n1\t2\n"), "a.tsv"),
        (parquet({"id": [1]}), "a"),
    ):
        source = io.BytesIO(data)
        assert len(list(read_rows(source, name=name))) == 1
        assert not source.closed


def test_reading_lines_and_csv_loads_no_heavy_package():
    import subprocess

    code = (
        "import io, sys; from judge.formats import reading, records, rubrics, training, writing;"
        "list(reading.read_rows(io.BytesIO(b'id,x\\n1,2'), name='a.csv'));"
        "print({'pyarrow', 'pandas', 'numpy', 'django'} & set(sys.modules))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "set()"
