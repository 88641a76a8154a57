"""Bytes in bounded portions: never more than was allowed, whatever a file claims to be."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from judge.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_LINE = 4 * 1024 * 1024
MOST_BYTES = 4 * 1024**3  # unpacked; a small archive must not fill the machine


class BoundedStream(io.RawIOBase):
    """Reads on to a limit, then raises InputError; a damaged archive ends where the damage starts, and says so."""

    def __init__(self, source: io.BufferedReader | gzip.GzipFile, *, name: str, max_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._source, self._name, self._left, self._most = source, name, max_bytes, max_bytes
        self.damage = ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        chunk = b"" if self.damage else self._read(len(view))
        self._left -= len(chunk)
        if self._left < 0:
            raise InputError(
                "the file is too large", where=self._name, expected=f"at most {self._most:,} bytes unpacked"
            )
        view[: len(chunk)] = chunk
        return len(chunk)

    def _read(self, size: int) -> bytes:
        try:
            return self._source.read1(size)  # read() would lose what came before the damage
        except EOFError:
            self.damage = "the compressed file ends too early: it was cut off"
        except (gzip.BadGzipFile, zlib.error) as error:
            self.damage = f"the compressed file is damaged: {error}"
        return b""


@dataclass(slots=True)
class Line:
    """One physical line without its end; ``too_long`` if only its beginning was kept."""

    number: int
    raw: bytes
    too_long: bool = False
    is_last_without_end: bool = False


def open_stream(source: BinaryIO, *, name: str, max_bytes: int = MOST_BYTES) -> tuple[io.BufferedReader, BoundedStream]:
    """A buffered reader over plain or gzipped bytes (their beginning decides, not their name), and its bound."""
    buffered = source if isinstance(source, io.BufferedReader) else io.BufferedReader(_Readable(source))
    is_gzip = buffered.peek(2)[:2] == GZIP_MAGIC
    bound = BoundedStream(gzip.GzipFile(fileobj=buffered) if is_gzip else buffered, name=name, max_bytes=max_bytes)
    return io.BufferedReader(bound, buffer_size=64 * 1024), bound


class _Readable(io.RawIOBase):
    """Any object with ``read(size)``, such as an uploaded file, as a raw stream."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        chunk = self._source.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


def read_lines(stream: io.BufferedReader, *, longest: int = LONGEST_LINE) -> Iterator[Line]:
    """Lines, none longer than ``longest``: the rest of a longer one is passed over without being kept."""
    number = 0
    while raw := stream.readline(longest + 2):
        number += 1
        ended = raw.endswith(b"\n")
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        too_long = len(line) > longest
        if too_long and not ended:
            ended = _pass_over(stream)
        yield Line(number, line[:longest], too_long, not ended)


def _pass_over(stream: io.BufferedReader) -> bool:
    while raw := stream.readline(64 * 1024):
        if raw.endswith(b"\n"):
            return True
    return False
