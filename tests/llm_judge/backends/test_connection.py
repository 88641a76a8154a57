"""An address that no admin named never leads inside a network, whatever its name says at which time."""

from __future__ import annotations

import asyncio

import pytest
from pytest_httpserver import HTTPServer

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import Patience
from llm_judge.backends.connection import Connection, check_public
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.rules.records import CompletionFailure

ODD = [
    "http://127.0.0.1:8080/v1", "http://2130706433/", "http://127.1/", "http://0x7f.1:80/v1", "http://[::1]/v1",
    "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data", "http://localhost:11434/v1",
    "https://metadata.google.internal/", "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/",
    "unix:///var/run/docker.sock", "//example.org", "http://user:pass@example.org/", "http://example.org/?url=x",
    "http://example.org#@127.0.0.1/", "javascript:alert(1)", "http://", "",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_an_odd_or_private_address_is_refused_where_no_admin_named_it(url: str) -> None:
    with pytest.raises(InputError, match=r"\(expected: "):
        check_public(url)
    with pytest.raises(InputError):
        OpenAIBackend(url, trusted=False)


def test_a_public_address_is_taken() -> None:
    assert str(check_public("https://api.example.org/openai/v1/")) == "https://api.example.org/openai"


def call(url: str, *, trusted: bool) -> object:
    async def ask() -> object:
        connection = Connection(url, "sk-planted", limit=2, trusted=trusted)
        connection.open()
        try:
            return await connection.call("GET", "v1/models")
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_name_that_leads_inside_is_refused_when_it_is_resolved(httpserver: HTTPServer, names: dict[str, str]) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({})
    names["rebound.example.org"] = "127.0.0.1"
    url = f"http://rebound.example.org:{httpserver.port}/v1"
    refused = call(url, trusted=False)
    assert isinstance(refused, CompletionFailure)
    assert "rebound.example.org leads to an address that is not public" in refused.detail
    assert not refused.retryable
    assert httpserver.log == []
    assert not isinstance(call(url, trusted=True), CompletionFailure)  # the same name, named by an admin


def test_a_name_that_was_public_when_it_was_entered_may_not_change_its_mind(
    httpserver: HTTPServer, names: dict[str, str]
) -> None:
    names["turning.example.org"] = "192.0.2.1"
    backend = OpenAIBackend(
        f"http://turning.example.org:{httpserver.port}", trusted=False, patience=Patience(timeout=1, attempts=1)
    )
    names["turning.example.org"] = "::ffff:127.0.0.1"

    async def look() -> None:
        async with backend:
            await backend.inspect()

    with pytest.raises(ServiceError, match="not public; only an admin"):
        asyncio.run(look())
    assert httpserver.log == []


def test_a_public_server_cannot_send_us_inside(httpserver: HTTPServer, names: dict[str, str]) -> None:
    inside = httpserver.url_for("/secret")
    httpserver.expect_request("/v1/models").respond_with_data("", status=302, headers={"Location": inside})
    answer = call(httpserver.url_for("/"), trusted=True)
    assert isinstance(answer, tuple)
    assert answer[0] == 302
    assert [request.path for request, _ in httpserver.log] == ["/v1/models"]
