"""One POST to somebody's server: the name is resolved once, and the very address that was checked is connected to.

No redirect is followed and no proxy asked. A name that changes its mind between look and call gains nothing, for there
is one look. The answer is read to a few bytes, the whole within a time.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from judge.rules.addresses import is_public

MOST_READ = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. ``status``: None where it said nothing; ``trouble``: empty where it took the message."""

    status: int | None
    trouble: str = ""

    @property
    def is_taken(self) -> bool:
        return not self.trouble


def post(url: str, body: bytes, headers: Mapping[str, str], *, only_public: bool, patience: float = 10.0) -> Answer:
    """Post ``body``; an answer of 2xx takes it. Never raises for what the server or the network does."""
    deadline = time.monotonic() + patience
    try:
        with _open(url, only_public=only_public, deadline=deadline) as line:
            return _ask(line, url, body, headers, deadline)
    except NotPublic as error:
        return Answer(None, str(error))
    except TimeoutError:
        return Answer(None, f"no answer within {patience:g} seconds")
    except (OSError, UnicodeError) as error:
        return Answer(None, f"no connection ({type(error).__name__})")


class NotPublic(Exception):
    """A name leads inside somebody's network."""


def _open(url: str, *, only_public: bool, deadline: float) -> socket.socket:
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    found = socket.getaddrinfo(host, parts.port or (443 if is_tls else 80), type=socket.SOCK_STREAM)
    if only_public and not all(_is_public(str(address[0])) for *_, address in found):
        raise NotPublic(f"{host} leads to an address that is not public; only a site admin may allow that")
    line = _connect([(str(address[0]), int(address[1])) for *_, address in found], deadline)
    if not is_tls:
        return line
    try:
        line.settimeout(_left(deadline))
        return ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise


def _connect(addresses: list[tuple[str, int]], deadline: float) -> socket.socket:
    trouble: OSError = OSError("no address")
    for address in addresses[:4]:
        try:
            return socket.create_connection(address, timeout=_left(deadline))
        except OSError as error:
            trouble = error
    raise trouble


def _is_public(address: str) -> bool:
    return is_public(ipaddress.ip_address(address.split("%", 1)[0]))


def _ask(line: socket.socket, url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    parts = urlsplit(url)
    line.settimeout(_left(deadline))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {"Host": parts.netloc, "Content-Length": str(len(body)), "Connection": "close", **headers}
    head = f"POST {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    line.sendall(head.encode("ascii") + body)
    return _judge(_first_line(line, deadline))


def _first_line(line: socket.socket, deadline: float) -> bytes:
    """The status line: all that is read of the answer."""
    got = b""
    while b"\n" not in got and len(got) < MOST_READ:
        line.settimeout(_left(deadline))
        part = line.recv(MOST_READ)
        if not part:
            break
        got += part
    return got.split(b"\n", 1)[0]


def _judge(first: bytes) -> Answer:
    words = first.decode("latin-1").split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not (words[1].isdigit() and len(words[1]) == 3):
        return Answer(None, "the answer is no HTTP")
    status = int(words[1])
    if 200 <= status < 300:
        return Answer(status)
    return Answer(status, "redirects are not followed" if 300 <= status < 400 else f"answered with {status}")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
