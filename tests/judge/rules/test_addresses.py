from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.addresses import check_public_host, is_public, read_literal

HOSTILE = [
    # loopback, in every spelling that a system takes
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1",
    "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "00.00.00.00", "::1", "[::1]", "::", "[::]",
    "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "[::ffff:7f00:1]", "::127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "①②⑦.0.0.1", "127。0。0。1", "１２７.0.0.1",
    # private, link-local (a cloud's metadata), shared, reserved, multicast, documentation, benchmarks
    "10.0.0.1", "10.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1", "3232235777",
    "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376",
    "::ffff:169.254.169.254", "[::ffff:a9fe:a9fe]", "64:ff9b::a9fe:a9fe", "100.64.0.1", "100.100.100.200",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "168.63.129.16", "fe80::1", "[fe80::1%25eth0]", "fe80::1%eth0", "fec0::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::1", "100::1",
    # names that lead inside
    "localhost", "LOCALHOST", "localhost.", "ｌocalhost", "a.localhost", "localhost.localdomain", "db", "redis",
    "metadata", "metadata.google.internal", "printer.local", "router.lan", "nas.home.arpa", "jira.corp",
    "kubernetes.default.svc.cluster.local",
    # odd ones
    "", ".", "..", "a..b", "-a.com", "exa mple.com", "127.0.0.1%00.example.com", "1.2.3.4.5", "256.1.1.1", "08.8.8.8",
    "8.8.8.8 x", "8.8.8.8\n", "example.com:80", "user@example.com", "example.com/path", "x" * 300 + ".com",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTILE)
def test_a_host_inside_somebodys_network_is_refused(host: str) -> None:
    with pytest.raises(InputError, match=r"no public|inside a network"):
        check_public_host(host)


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "134744072", "2606:4700:4700::1111", "[2606:4700:4700::1111]", "::ffff:8.8.8.8", "64:ff9b::808:808",
     "api.example.org", "API.Example.ORG.", "a-b.example", "xn--bcher-kva.example", "my_host.example.org"],
)  # fmt: skip
def test_a_public_host_is_taken(host: str) -> None:
    check_public_host(host)


@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_address_is_the_same_address(address: ipaddress.IPv4Address) -> None:
    number, (a, b, c, d) = int(address), address.packed
    spellings = [
        str(number), hex(number), f"0{number:o}", f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{address}.",
    ]  # fmt: skip
    assert {read_literal(each) for each in spellings} == {address}
    carrying = [ipaddress.ip_address(f"{prefix}{address}") for prefix in ("::ffff:", "64:ff9b::")]
    assert {is_public(each) for each in carrying} == {is_public(address)}


@given(st.ip_addresses())
def test_what_the_world_cannot_reach_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        carried = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour)
        assert carried or not is_public(address)


@given(st.text(max_size=40))
def test_what_is_taken_is_a_name_or_a_public_address(host: str) -> None:
    try:
        check_public_host(host)
    except InputError:
        return
    try:  # whatever this system would connect to without asking anybody is public
        found = ipaddress.ip_address(socket.inet_ntoa(socket.inet_aton(host)))
    except (OSError, ValueError):
        return
    assert is_public(found)
