"""Which IP addresses a request that users asked for may reach: pure, on one address at a time.

The ranges are those of the OWASP cheat sheet on server-side request forgery and of the IANA special-purpose registries.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from opulse.outbound.models import AddressReason

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_REFUSED_V4: Final = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", AddressReason.RESERVED),
        ("10.0.0.0/8", AddressReason.PRIVATE),
        ("100.64.0.0/10", AddressReason.PRIVATE),
        ("127.0.0.0/8", AddressReason.LOOPBACK),
        ("168.63.129.16/32", AddressReason.RESERVED),  # Azure's host agent: public in form, internal in fact
        ("169.254.0.0/16", AddressReason.LINK_LOCAL),
        ("172.16.0.0/12", AddressReason.PRIVATE),
        ("192.0.0.0/24", AddressReason.RESERVED),
        ("192.0.2.0/24", AddressReason.RESERVED),
        ("192.88.99.0/24", AddressReason.RESERVED),
        ("192.168.0.0/16", AddressReason.PRIVATE),
        ("198.18.0.0/15", AddressReason.RESERVED),
        ("198.51.100.0/24", AddressReason.RESERVED),
        ("203.0.113.0/24", AddressReason.RESERVED),
        ("224.0.0.0/4", AddressReason.MULTICAST),
        ("240.0.0.0/4", AddressReason.RESERVED),
    )
)
_REFUSED_V6: Final = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::1/128", AddressReason.LOOPBACK),
        ("fc00::/7", AddressReason.PRIVATE),
        ("fec0::/10", AddressReason.PRIVATE),
        ("64:ff9b:1::/48", AddressReason.PRIVATE),
        ("fe80::/10", AddressReason.LINK_LOCAL),
        ("ff00::/8", AddressReason.MULTICAST),
        ("2001::/23", AddressReason.RESERVED),  # protocol assignments, Teredo among them
        ("2001:db8::/32", AddressReason.RESERVED),
        ("3fff::/20", AddressReason.RESERVED),
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")


def address_refusal(address: IpAddress, allowed: tuple[IpNetwork, ...] = ()) -> AddressReason | None:
    """Why this address must not be reached; ``None``: it may. ``allowed`` are networks an administrator opened."""
    embedded = embedded_ipv4(address)
    if any(address in network or (embedded is not None and embedded in network) for network in allowed):
        return None
    if embedded is not None:
        return _refusal_v4(embedded)
    return _refusal_v4(address) if isinstance(address, IPv4Address) else _refusal_v6(address)


def embedded_ipv4(address: IpAddress) -> IPv4Address | None:
    """The IPv4 address that packets to this IPv6 address end at: IPv4-mapped, NAT64 and 6to4."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour


def _refusal_v4(address: IPv4Address) -> AddressReason | None:
    return next((reason for network, reason in _REFUSED_V4 if address in network), None)


def _refusal_v6(address: IPv6Address) -> AddressReason | None:
    """Only global unicast may pass; what lies outside it and has no name of its own is reserved."""
    named = next((reason for network, reason in _REFUSED_V6 if address in network), None)
    return named or (None if address in _GLOBAL_V6 else AddressReason.RESERVED)
