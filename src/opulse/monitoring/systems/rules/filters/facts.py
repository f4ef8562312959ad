"""What filters may ask of a system, in the one form in which every side compares it: without case, and once more ordered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

from opulse.monitoring.systems.models import Facts, System, SystemUser, UserFacts

_DIGITS = re.compile("[0-9]+")
_MAPPED = 0xFFFF_0000_0000  # ::ffff:0:0/96: where IPv4 lies among the addresses of IPv6


def facts_of(system: System, users: Iterable[SystemUser]) -> Facts:
    """The facts of a system with its present users."""
    return Facts(dict(_texts(system)), tuple(_of_user(user) for user in users))


def attribute_path(key: str) -> str:
    """Where the value of an attribute stands. Percent-encoded: SQLite finds no key that JSON would have to escape."""
    return "attributes." + quote(key.casefold(), safe=" ", errors="replace")


def ordered(folded: str) -> str:
    """The text so that comparing texts compares runs of digits as numbers: each is preceded by how many digits it has."""
    return _DIGITS.sub(_numbered, folded)


def read_address(text: str) -> str:
    """An IP address in the form that is compared, 32 hexadecimal digits; empty for anything else."""
    try:
        return place_of(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return ""


def place_of(address: IPv4Address | IPv6Address) -> str:
    """The same of an address that is read already."""
    if isinstance(address, IPv4Address):
        return f"{_MAPPED + int(address):032x}"
    return f"{int(address):032x}"


def range_of(network: IPv4Network | IPv6Network) -> tuple[str, str]:
    """First and last address of a network."""
    return place_of(network.network_address), place_of(network.broadcast_address)


def _texts(system: System) -> Iterator[tuple[str, str]]:
    plain = {
        "systemId": system.guid,
        "name": system.name,
        "fqdn": system.fqdn,
        "domain": system.domain,
        "operatingSystem": system.operating_system,
        "platform": system.platform,
        "agentVersion": system.agent_version,
        "serial": system.serial,
        "site": system.site,
        "ipAddress": system.ip_address,
    }
    for path, value in plain.items():
        yield from _both(path, value)
    for key, value in system.attributes.items():
        yield from _both(attribute_path(key), str(value))
    if place := read_address(system.ip_address):
        yield "@ipAddress", place


def _both(path: str, value: str) -> Iterator[tuple[str, str]]:
    """Only what is not empty, and the ordered form only where it differs: most facts are one short text."""
    folded = value.casefold()
    if folded:
        yield path, folded
        if (in_order := ordered(folded)) != folded:
            yield "~" + path, in_order


def _of_user(user: SystemUser) -> UserFacts:
    texts = {
        "name": user.user_id,
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "department": user.department,
    }
    return UserFacts({path: text.casefold() for path, text in texts.items() if text}, user.is_primary)


def _numbered(run: re.Match[str]) -> str:
    digits = run[0].lstrip("0") or "0"
    return f"{len(digits):03}.{digits}"
