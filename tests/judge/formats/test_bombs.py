"""Small files that unpack to much: refused in words, in bounded memory, measured in a process of its own.

``python -m tests.judge.formats.test_bombs FILE`` reads FILE and prints rows, rejected lines, problem and peak memory.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.errors import InputError
from judge.formats.reading import Rejected, read_rows
from tests.architecture.house import ROOT

MEGABYTE = 1024 * 1024
#: What Python with pyarrow takes, and a few of the longest lines.
MOST_MEMORY_MB = 400


def measure(path: str) -> dict[str, object]:
    rows, rejected, problem = 0, 0, ""
    try:
        for each in read_rows(path, max_bytes=600 * MEGABYTE):
            if isinstance(each, Rejected):
                rejected += 1
            else:
                rows += 1
    except InputError as error:
        problem = str(error)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
    return {"rows": rows, "rejected": rejected, "problem": problem, "peak_mb": peak}


def read(path: Path) -> dict[str, object]:
    words = [sys.executable, "-m", "tests.judge.formats.test_bombs", str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    assert int(str(found["peak_mb"])) < MOST_MEMORY_MB
    return found


def zipped(path: Path, piece: bytes, times: int) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(times):
            file.write(piece)
    return path


def test_a_gzip_bomb_is_refused_at_the_limit(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.jsonl.gz", b'{"id":"' + b"0" * 10 * MEGABYTE, 70)
    assert path.stat().st_size < 5 * MEGABYTE
    assert "too large (expected: at most 629,145,600 bytes unpacked)" in str(read(path)["problem"])


@pytest.mark.parametrize(
    ("megabytes", "most"), [(8, "4,194,304 bytes in a cell"), (3, "629,145,600 bytes unpacked")]
)  # fmt: skip
def test_a_value_that_every_row_repeats_is_refused(tmp_path: Path, megabytes: int, most: str) -> None:
    """Megabytes stand in the file once and are meant 400 times: more than 1 GB."""
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), pa.array(["x" * megabytes * MEGABYTE]))
    ids = pa.array([str(number) for number in range(400)])
    pq.write_table(pa.table({"id": ids, "context": long}), tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < MEGABYTE
    assert f"at most {most}" in str(read(tmp_path / "a.parquet")["problem"])


def test_the_same_inside_of_a_structure_stays_bounded(tmp_path: Path) -> None:
    context = pa.array([{"bio": "x" * 2 * MEGABYTE}] * 30)
    pq.write_table(pa.table({"id": ["a"] * 30, "context": context}), tmp_path / "a.parquet", compression="zstd")
    assert read(tmp_path / "a.parquet")["rows"] == 30


def test_a_list_of_very_many_values_is_refused(tmp_path: Path) -> None:
    many = pa.ListArray.from_arrays(
        pa.array([0, 30_000_000], pa.int32()), pa.array([1], pa.int8()).take([0] * 30_000_000)
    )
    pq.write_table(pa.table({"id": ["a"], "context": many}), tmp_path / "a.parquet", compression="zstd")
    assert "at most 20,000,000 values" in str(read(tmp_path / "a.parquet")["problem"])


def test_a_header_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(f"c{number}" for number in range(500_000)) + "\n")
    assert "500,000 columns (expected: at most 1,000)" in str(read(tmp_path / "a.csv")["problem"])


def test_a_cell_that_never_ends_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,output\n1,"' + b"x" * 60 * MEGABYTE + b'"\n2,fine\n')
    found = read(path)
    assert (found["rows"], found["rejected"]) == (1, 1)


@pytest.mark.parametrize("opened", [b"[", b'{"a":'])
def test_brackets_without_end_are_one_bad_line(tmp_path: Path, opened: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"id":"1","context":' + opened * 500_000 + b"\n")
    found = read(tmp_path / "a.jsonl")
    assert (found["rows"], found["rejected"]) == (0, 1)


def test_more_rows_than_allowed_end_the_reading(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id":"1"}\n' * 11)
    with pytest.raises(InputError, match=r"a\.jsonl: the file has too many rows \(expected: at most 10\)"):
        list(read_rows(tmp_path / "a.jsonl", max_rows=10))
    assert len(list(read_rows(tmp_path / "a.jsonl", max_rows=11))) == 11


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
