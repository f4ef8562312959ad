"""May an extension call this host? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

ANY = "*"


def host_of(address: str) -> str:
    """The host of a URL, or of a bare host with or without a port; lower case, empty when there is none."""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def may_call(address: str, domains: Sequence[str]) -> bool:
    """Whether the host is one of the accepted domains or lies below one; ``*`` accepts every host, ports do not count."""
    host = host_of(address)
    accepted = [domain if domain == ANY else host_of(domain) for domain in domains]
    return bool(host) and any(
        domain == ANY or host == domain or (domain and host.endswith(f".{domain}")) for domain in accepted
    )
