"""The web server's port: found free, kept from a second start of ours, and asked who answers there."""

from __future__ import annotations

import atexit
import http.client
import os
import socket
import sys

from judge.errors import ServiceError

HOST, FIRST, MANY = "127.0.0.1", 8000, 50
#: The header in which the web server returns the token that its environment gave it.
HEADER = "X-Cojudge-Instance"
_claims: dict[int, socket.socket] = {}


class Taken(ServiceError):
    """Another program has the port."""


def claim(first: int = FIRST, many: int = MANY) -> int:
    """The first port from ``first`` on that nobody listens on; ours alone among Cojudges while this process lives."""
    for port in range(first, first + many):
        if _claim(port):
            return port
    if many == 1:
        raise Taken(f"port {first} is taken by another program. Name another one with --port.")
    raise Taken(f"no free port between {first} and {first + many - 1}. Name one with --port.")


def _claim(port: int) -> bool:
    # Web servers share a port (SO_REUSEPORT) with others of the same user: binding alone would not keep ours.
    mark = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform == "linux":
            mark.bind(f"\0cojudge-port-{port}")
        if not is_free(port):
            raise OSError
    except OSError:
        mark.close()
        return False
    _claims[port] = mark
    return True


def let_go(port: int) -> None:
    """The port is no longer ours."""
    if mark := _claims.pop(port, None):
        mark.close()


@atexit.register
def _let_go() -> None:
    for mark in _claims.values():
        mark.close()


def is_free(port: int) -> bool:
    """Whether nobody listens there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def ask(port: int) -> str | None:
    """The token of who answers there: None when nobody does, empty when it is no Cojudge."""
    line = http.client.HTTPConnection(HOST, port, timeout=15)  # longer than the wait for a pooled connection
    try:
        line.request("GET", "/healthz", headers=_headers())
        return line.getresponse().getheader(HEADER, "")
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        line.close()


def _headers() -> dict[str, str]:
    """What makes the site's own rules let us in: one of its names, and the mark of a proxy that ends TLS."""
    name = os.environ.get("COJUDGE_HOSTS", HOST).split(",")[0].lstrip(".*")
    return {"Host": name or HOST, "X-Forwarded-Proto": "https"}
