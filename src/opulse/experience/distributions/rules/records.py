"""The DNS records that make receivers take a domain's mails for genuine: SPF, DKIM, DMARC, and where bounces arrive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from opulse.experience.distributions.models.library import DomainKey

_DOMAIN = re.compile(r"(?=.{4,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SELECTOR = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record to publish, and what it is for."""

    name: str
    kind: str  # TXT or MX
    text: str
    why: str


def why_no_domain(domain: str) -> str:
    """Why this is no domain that can sign; empty: it is one."""
    return "" if _DOMAIN.fullmatch(domain) else "a domain is written such as mail.example.org, in ASCII"


def why_no_selector(selector: str) -> str:
    """Why this is no selector; empty: it is one."""
    return (
        ""
        if _SELECTOR.fullmatch(selector)
        else "a selector is up to 63 lower-case letters, digits and hyphens"
    )


def list_records(domain: str, relay: str, keys: Iterable[DomainKey], bounces: bool) -> list[DnsRecord]:
    """What to publish for ``domain``.

    Args:
        relay: host name of the relay that sends; empty: none is set.
        bounces: whether bounces are taken here, so that they need a way here.
    """
    host = (
        relay if _DOMAIN.fullmatch(relay.lower()) else ""
    )  # an address of our own network names nobody to the world
    spf = f"v=spf1 a:{host} -all" if host else "v=spf1 mx -all"
    found = [
        DnsRecord(
            domain,
            "TXT",
            spf,
            "SPF: who may send for the domain, here the relay. Merge it with the record that you have.",
        )
    ]
    found += [
        DnsRecord(key.record_name, "TXT", key.public, "DKIM: the public half of the key.")
        for key in keys
        if key.domain == domain
    ]
    found.append(
        DnsRecord(
            f"_dmarc.{domain}",
            "TXT",
            f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}; adkim=r; aspf=r",
            "DMARC: begin with p=none, read the reports, then quarantine, then reject.",
        )
    )
    if bounces:
        mx = f"10 mail.{domain}."
        found.append(
            DnsRecord(
                domain,
                "MX",
                mx,
                "Where bounces arrive: your mail server, which hands them on to here. Put its name in.",
            )
        )
    return found


def split_text(text: str, size: int = 255) -> str:
    """A TXT record as zone files want it: strings of at most 255 characters, each in quotes."""
    return " ".join(f'"{text[at : at + size]}"' for at in range(0, len(text), size))
