from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.outbound.addresses import address_refusal, embedded_ipv4
from opulse.outbound.models import AddressReason

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "3fff::1",
    "100::1", "5f00::1", "64:ff9b:1::a00:1", "::ffff:0:127.0.0.1", "::127.0.0.1", "::8.8.8.8", "fe80::1%eth0",
]  # fmt: skip
PERMITTED = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "223.255.255.255",
             "2606:4700::1111", "2a00:1450::1"]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_refused(address: str) -> None:
    assert address_refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", PERMITTED)
def test_permitted(address: str) -> None:
    assert address_refusal(ip_address(address)) is None


@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}"])
@pytest.mark.parametrize("address", [*REFUSED[:24], *PERMITTED[:8]])
def test_an_embedded_address_is_judged_like_itself(form: str, address: str) -> None:
    assert address_refusal(ip_address(form.format(address))) == address_refusal(ip_address(address))


@given(st.ip_addresses(v=4))
def test_six_to_four_is_judged_by_the_address_inside(address: object) -> None:
    inside = ip_address(str(address))
    outside = ip_address((0x2002 << 112) | (int(inside) << 80) | 1)
    assert embedded_ipv4(outside) == inside
    assert address_refusal(outside) == address_refusal(inside)


@given(st.ip_addresses())
def test_what_python_calls_not_global_is_never_permitted(address: object) -> None:
    one = ip_address(str(address))
    if not one.is_global and embedded_ipv4(one) is None:
        assert address_refusal(one) is not None


def test_reasons() -> None:
    reasons = {
        text: address_refusal(ip_address(text))
        for text in ("127.0.0.1", "::1", "10.0.0.1", "169.254.169.254")
    }
    assert list(reasons.values()) == [
        AddressReason.LOOPBACK,
        AddressReason.LOOPBACK,
        AddressReason.PRIVATE,
        AddressReason.LINK_LOCAL,
    ]


def test_an_opened_network_is_permitted_in_every_spelling_and_no_wider() -> None:
    opened = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5"):
        assert address_refusal(ip_address(text), opened) is None
    for text in ("10.2.0.1", "::ffff:10.2.0.1", "fd00:2::5", "127.0.0.1"):
        assert address_refusal(ip_address(text), opened) is not None
