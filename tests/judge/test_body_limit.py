"""Large, slow and oddly named uploads: by what they announce, by what they bring, and against the real web server."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from judge.models import Event, Item, Project, User

Browse = Callable[[User], Client]
LINE = b'{"id": "a", "context": "likes tents", "output": "tent"}\n'


class Unread(io.RawIOBase):
    """A body that must not be touched."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("somebody read it")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "megabytes", "most"),
    [("/login/", 10_000, 5), ("/projects/shop-tags/import/", 10_000, 201), ("/projects/shop-tags/members/", 6, 5)],
)
def test_ten_gigabytes_are_refused_before_a_byte_is_read(path: str, megabytes: int, most: int) -> None:
    told = {"CONTENT_LENGTH": str(megabytes * 1024 * 1024), "wsgi.input": Unread()}
    response = Client().generic("POST", path, content_type="multipart/form-data; boundary=x", **told)
    assert (response.status_code, response["Connection"]) == (413, "close")
    assert f"at most {most} MB" in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("told", ["", "0", "-5", "x", "٣"])
def test_odd_lengths_reach_the_page_and_no_further(told: str) -> None:
    assert Client().generic("POST", "/login/", CONTENT_LENGTH=told).status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.jsonl", "..\\..\\windows\\a.jsonl", "/etc/cron.d/a.jsonl", "a\x00b.jsonl", "a\r\nX: 1.jsonl",
        "名前.jsonl", "a" * 250 + ".jsonl", "-rf.jsonl", ".jsonl", "=cmd|' /C calc'!A0.jsonl",
        "<script>alert(1)</script>.jsonl",
    ],
)  # fmt: skip
def test_names_of_files_lead_nowhere(browse: Browse, project: Project, lea: User, name: str) -> None:
    form = {"file": SimpleUploadedFile("x", LINE)}
    form["file"]._name = name  # as a hostile browser sends it
    response = browse(lea).post(f"/projects/{project.slug}/import/", form)
    assert response.status_code in (200, 400), "taken, or refused in words"
    assert "<script>alert(1)" not in response.text
    for event in Event.objects.filter(verb="items imported"):
        assert "/" not in event.data["file"]
        assert event.data["file"].isprintable()


@pytest.mark.django_db
def test_a_file_of_too_many_rows_is_refused_and_nothing_went_in(
    browse: Browse, project: Project, lea: User, settings: object
) -> None:
    settings.UPLOAD_ROWS = 2  # type: ignore[attr-defined]
    lines = b"".join(LINE.replace(b'"a"', f'"{number}"'.encode()) for number in range(3))
    form = {"file": SimpleUploadedFile("a.jsonl", lines)}
    response = browse(lea).post(f"/projects/{project.slug}/import/", form)
    assert response.status_code == 400
    assert "too many rows (expected: at most 2)" in response.text
    assert not Item.objects.exists()


@pytest.fixture
def server() -> Iterator[int]:
    """granian as `make serve` starts it, with the product behind it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = f"-m granian --interface wsgi judge.wsgi:application --host 127.0.0.1 --port {port} --workers 1"
    process = subprocess.Popen(
        [sys.executable, *words.split()], cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        _connect(port).close()
        yield port
    finally:
        process.terminate()
        process.wait()


def _connect(port: int) -> socket.socket:
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.mark.services
def test_the_web_server_hangs_up_on_ten_gigabytes(server: int) -> None:
    """It answers at once and takes a few megabytes at most: what lay in the buffers of the line."""
    sent = 0
    with _connect(server) as line:
        line.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000000\r\n\r\n")
        said = line.recv(200)
        with suppress(OSError):
            while sent < 200_000_000:
                sent += line.send(b"x" * 65_536)
    assert said.startswith(b"HTTP/1.1 413")
    assert sent < 50_000_000
