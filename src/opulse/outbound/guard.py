"""The address guard: what may be asked for (before a name is resolved) and where it may lead (after)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Self

import httpx2

from opulse.outbound.addresses import IpAddress, IpNetwork, address_refusal
from opulse.outbound.models import AddressReason, AddressRefused

_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
# The URL standard reads a host whose last label is a number, decimal or 0x..., as an IPv4 address; so does getaddrinfo.
_ENDS_IN_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)", re.ASCII)
_MAX_URL: Final = 8_000


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What an installation permits beyond public https.

    ``networks`` an administrator opened; ``origins`` are exact ``host:port`` of our own addresses, in lower case, where http and
    private addresses are fine; ``allow_http`` permits plain http to any host that is permitted otherwise.
    """

    networks: tuple[IpNetwork, ...] = ()
    origins: frozenset[str] = frozenset()
    allow_http: bool = False

    @classmethod
    def of(
        cls, *, networks: Iterable[str] = (), origins: Iterable[str] = (), allow_http: bool = False
    ) -> Self:
        """From the texts of the settings. Raises ``ValueError`` for what is no network or no ``host:port``."""
        return cls(
            networks=tuple(ip_network(network.strip()) for network in networks),
            origins=frozenset(_origin(origin) for origin in origins),
            allow_http=allow_http,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be resolved."""

    url: httpx2.URL
    scheme: str
    host: str
    """Lower case, in ASCII, without a trailing dot and without brackets: the name for TLS and for the resolver."""
    port: int
    own: bool
    """One of the policy's origins."""

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def pinned(self, address: IpAddress) -> httpx2.URL:
        """The same request at a checked address."""
        return self.url.copy_with(host=str(address), port=self.port, fragment=None)


def check_url(url: str, policy: AddressPolicy) -> Target:
    """Everything that can be said without resolving; use it on save too. Raises ``AddressRefused``."""
    parsed = _parsed(url)
    host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
    if parsed.userinfo:
        raise AddressRefused(AddressReason.USER_INFO, host)
    scheme, port = parsed.scheme, parsed.port or _PORTS.get(parsed.scheme, 0)
    if scheme not in _PORTS or parsed.port == 0 or not 1 <= port <= 65_535:
        raise AddressRefused(AddressReason.MALFORMED, host)
    host = _checked_host(host)
    own = f"{_bracketed(host)}:{port}" in policy.origins
    if scheme != "https" and not (own or policy.allow_http):
        raise AddressRefused(AddressReason.NOT_HTTPS, host)
    target = Target(parsed, scheme, host, port, own)
    if (literal := literal_address(host)) is not None:
        checked_addresses(target, (str(literal),), policy)
    return target


def literal_address(host: str) -> IpAddress | None:
    """The address that ``host`` is, where it is one and not a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def checked_addresses(target: Target, found: Sequence[str], policy: AddressPolicy) -> tuple[IpAddress, ...]:
    """The addresses that the name led to, each of them permitted, else ``AddressRefused``.

    One bad address among good ones refuses the name: a resolver that mixes them is how rebinding works.
    """
    addresses = tuple(dict.fromkeys(ip_address(text) for text in found))
    if not target.own:
        for address in addresses:
            if (reason := address_refusal(address, policy.networks)) is not None:
                raise AddressRefused(reason, target.host)
    return addresses


def _parsed(url: str) -> httpx2.URL:
    """``AddressRefused`` for control characters, spaces and backslashes too: parsers disagree on what they mean."""
    if len(url) > _MAX_URL or any(character <= " " or character in "\\\x7f" for character in url):
        raise AddressRefused(AddressReason.MALFORMED, "")
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise AddressRefused(AddressReason.MALFORMED, "") from error


def _checked_host(host: str) -> str:
    """The host, an IPv6 address in its one canonical spelling."""
    if ":" in host:
        if "%" in host:  # a zone: meaningful on this machine only
            raise AddressRefused(AddressReason.MALFORMED, host)
        try:
            return str(IPv6Address(host))
        except AddressValueError as error:
            raise AddressRefused(AddressReason.MALFORMED, host) from error
    if _ENDS_IN_NUMBER.fullmatch(host):
        try:
            IPv4Address(host)
        except AddressValueError as error:
            raise AddressRefused(AddressReason.ODD_NOTATION, host) from error
    elif len(host) > 253 or _NAME.fullmatch(host) is None:
        raise AddressRefused(AddressReason.MALFORMED, host)
    return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _origin(text: str) -> str:
    """``host:port`` as :func:`check_url` spells it."""
    host, colon, port = text.strip().lower().rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"not of the form host:port: {text!r}")
    name = host.strip("[]").removesuffix(".")
    literal = literal_address(name)
    return f"{_bracketed(name if literal is None else str(literal))}:{int(port)}"
