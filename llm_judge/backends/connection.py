"""One server's HTTP connection: bounded bodies, no redirects, a key that never shows, and no way inside a network."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from judge.errors import InputError
from judge.rules.addresses import check_public_host, is_public
from llm_judge.rules.records import CompletionFailure, UnscoredReason

_MAX_BODY = 8 * 1024 * 1024
_JSON = {"Content-Type": "application/json"}

RawReply = tuple[int, Mapping[str, str], bytes]


class Connection:
    """Calls return ``(status, headers, body)`` or the failure of the transport; they do not raise for it.

    Unless it is ``trusted`` (an admin named it), an address inside somebody's network is refused: as it is written, and
    each time that its name is resolved, for a name may lead elsewhere tomorrow.
    """

    def __init__(self, base_url: str, api_key: str, *, limit: int, trusted: bool = True) -> None:
        self.root = check_address(base_url) if trusted else check_public(base_url)
        self.trusted = trusted
        self._key = api_key
        self._limit = limit
        self._session: aiohttp.ClientSession | None = None
        self._addresses: dict[str, URL] = {}

    def __repr__(self) -> str:
        return f"Connection({str(self.root)!r})"

    def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._limit, resolver=None if self.trusted else PublicResolver()),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=aiohttp.ClientTimeout(total=None),  # each call is timed by the backend
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> RawReply | CompletionFailure:
        if self._session is None:
            raise RuntimeError("the backend is used outside of `async with backend:`")
        address = self._addresses.get(path) or self._addresses.setdefault(path, self.root / path)
        data, headers = (None, None) if body is None else (_write(body), _JSON)
        try:
            # A redirect could carry the key to another host, so none is followed.
            async with self._session.request(
                method, address, data=data, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, answer.headers, self._hide_key(await _read(answer))
        except aiohttp.ClientPayloadError:
            return CompletionFailure(UnscoredReason.GARBAGE, "the answer broke off in the middle", retryable=True)
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, NotPublic):
                return CompletionFailure(UnscoredReason.UNREACHABLE, str(error.__cause__))
            detail = f"no connection to {self.root} ({type(error).__name__})"
            return CompletionFailure(UnscoredReason.UNREACHABLE, detail, retryable=True)

    def _hide_key(self, body: bytes) -> bytes:
        """Some servers repeat a wrong key in their complaint."""
        return body.replace(self._key.encode(), b"***") if self._key else body


class NotPublic(OSError):
    """A name led inside somebody's network."""


class PublicResolver(ThreadedResolver):
    """Gives the very addresses that are then connected to, and none that is not public."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if not all(is_public(ipaddress.ip_address(each["host"].split("%", 1)[0])) for each in found):
            raise NotPublic(f"{host} leads to an address that is not public; only an admin may allow that")
        return found


def _write(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # half of a surrogate pair, a number beyond 64 bits: the slower writer takes them
        return json.dumps(body).encode()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or _MAX_BODY) < _MAX_BODY and "Content-Encoding" not in answer.headers:
        return await answer.read()
    parts = bytearray()
    async for part in answer.content.iter_any():
        parts += part
        if len(parts) > _MAX_BODY:
            answer.close()
            break
    return bytes(parts)


def check_address(base_url: str) -> URL:
    """The server's root address; InputError for anything but a plain http(s) one.

    >>> str(check_address("http://127.0.0.1:8080/v1/"))
    'http://127.0.0.1:8080/'
    """
    expected = "http://host:port or https://host/path, without user, password or query"
    try:
        url = URL(base_url.strip())
        fit = url.scheme in ("http", "https") and bool(url.host) and not url.query and not url.fragment
        secret = url.user or url.password
    except ValueError:
        raise InputError("the model server's address cannot be read", expected=expected) from None
    if secret:
        raise InputError("the model server's address holds a user or a password", expected=expected)
    if not fit:
        raise InputError(f'"{base_url}" is no address of a model server', expected=expected)
    path = url.path.rstrip("/").removesuffix("/v1")
    return url.with_path(path or "/")


def check_public(base_url: str) -> URL:
    """As ``check_address``, for an address that is not from an admin: InputError where it leads inside a network.

    >>> str(check_public("https://api.example.org/v1"))
    'https://api.example.org/'
    """
    url = check_address(base_url)
    check_public_host(url.host or "")
    return url
