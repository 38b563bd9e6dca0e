from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.errors import CallFailed
from plainwork.net import Client, Guard
from plainwork.net.guard import is_public

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1
64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:db8::1
2002:7f00:1::1 2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1
"""
PUBLIC = (
    "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808"
)


@pytest.mark.parametrize("address", REFUSED.split())
def test_special_addresses_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(CallFailed) as caught:
        Guard.of(()).check_host(address, 443)
    assert caught.value.failure == "rejected"
    assert "PLAINWORK_ALLOW_HOSTS=" in str(caught.value)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    Guard.of(()).check_host(address, 443)


@given(st.ip_addresses(v=4))
def test_nothing_that_python_calls_private_passes(address: ipaddress.IPv4Address) -> None:
    if (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
    ):
        assert not is_public(address)
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    assert is_public(mapped) == is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "256.1.1.1",
    ],
)
def test_other_spellings_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(CallFailed, match="four decimal numbers"):
        Guard.of(()).check_host(host, 80)


@pytest.mark.parametrize(
    "host", ["ex ample.com", "a%2eb", "", ".", "-", "a..b", "x" * 64, "a" * 300, "a/b", "127。0。0。1"]
)
def test_what_is_not_a_host_name_is_refused(host: str) -> None:
    with pytest.raises(CallFailed):
        Guard.of(()).check_host(host, 80)


@pytest.mark.parametrize(
    ("entry", "host", "port", "passes"),
    [
        ("127.0.0.1", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, False),
        ("LocalHost", "localhost.", 80, True),
        ("localhost", "evil-localhost", 80, False),
        ("*.internal", "db.eu.internal", 5432, True),
        ("*.internal", "internal", 5432, False),
        ("::1", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
        ("0:0:0:0:0:0:0:1", "::1", 1, True),
        (" ", "127.0.0.1", 80, False),
    ],
)
def test_the_operators_list(entry: str, host: str, port: int, passes: bool) -> None:
    guard = Guard.of([entry])
    assert guard.lists(host, port) == passes


@pytest.mark.anyio
async def test_a_name_is_judged_by_its_addresses_and_pinned_to_the_public_ones() -> None:
    answers = {"mixed.example": ["10.0.0.1", "93.184.216.34"], "inside.example": ["192.168.0.1", "fd00::1"]}

    async def lookup(host: str, _port: int) -> list[str]:
        return answers[host]

    async with Client(lookup=lookup) as client:
        assert await client.resolve("mixed.example", 443) == ["93.184.216.34"]
        with pytest.raises(CallFailed, match="private or local") as caught:
            await client.resolve("inside.example", 443)
        assert "PLAINWORK_ALLOW_HOSTS=inside.example:443" in str(caught.value)
        with pytest.raises(CallFailed, match="private or local"):
            await client.request("GET", "http://inside.example/")
    async with Client(["inside.example"], lookup=lookup) as client:
        assert await client.resolve("inside.example", 443) == ["192.168.0.1", "fd00::1"]
    async with Client(["10.0.0.1:443"], lookup=lookup) as client:
        assert await client.resolve("mixed.example", 443) == ["10.0.0.1", "93.184.216.34"]
