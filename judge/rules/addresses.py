"""Which addresses a server may have that somebody other than an admin names: only public ones.

Else our workers would fetch, with their place in the network, what its owner meant for nobody: a cloud's metadata, a
database's page, a colleague's machine. A name may lead anywhere and may change its mind, so names are looked at again
when they are resolved (``backends.connection``).
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata

from judge.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

EXPECTED = "a public http(s) address; admins may name others"
#: Names that never lead to the public: by their standards, or by custom in offices and clouds.
_INSIDE = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "corp", "home", "home.arpa")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Public by its number, but the host's own services in one large cloud.
_SERVICES = ipaddress.ip_address("168.63.129.16")


def check_public_host(host: str) -> None:
    """Raise InputError for a host that is, or by its name must be, inside somebody's network.

    >>> check_public_host("api.example.org")
    >>> check_public_host("127.1")
    Traceback (most recent call last):
    judge.errors.InputError: "127.1" is no public address (expected: a public http(s) address; admins may name others)
    """
    literal = read_literal(host)
    if literal is not None:
        if not is_public(literal) or not host.isprintable() or " " in host:
            raise InputError(f'"{host}" is no public address', expected=EXPECTED)
        return
    name = _plain(host)
    if not _NAME.fullmatch(name) or len(name) > 253 or name.rsplit(".", 1)[-1].isdigit():
        raise InputError(f'"{host}" is no public name of a host', expected=EXPECTED)
    if any(name == inside or name.endswith(f".{inside}") for inside in _INSIDE):
        raise InputError(f'"{host}" is a name inside a network', expected=EXPECTED)


def read_literal(host: str) -> Address | None:
    """The address that a host spells out, in any of the forms that systems take; None for a name.

    >>> [str(read_literal(each)) for each in ("0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "one.example")]
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', 'None']
    """
    plain = _plain(host).strip("[]").split("%", 1)[0]
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    except (OSError, ValueError):
        return None


def is_public(address: Address) -> bool:
    """Whether it is an address of the public network. One that carries another address is judged by that one."""
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    is_odd = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    return address.is_global and not is_odd and address != _SERVICES


def _carried(address: Address) -> Address | None:
    """The IPv4 address inside of an IPv6 one: mapped, translated (NAT64) or tunnelled (6to4)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _plain(host: str) -> str:
    """As a resolver reads it: full-width letters and dots are letters and dots, the last dot says nothing."""
    return unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().removesuffix(".")
