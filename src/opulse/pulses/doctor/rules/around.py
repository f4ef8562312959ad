"""What stands around: the relay, the sending domains' records (RFC 7208, 6376, 7489), the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from opulse.pulses.doctor.facts import DomainSeen, Facts
from opulse.pulses.doctor.models import Finding, Kind, Subject

CLOCK_SECONDS = 30.0
_MAIL = Subject("relay", "Mail relay")


def is_here(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def mail_leaves(place_relay: str) -> bool:
    """A relay on this machine may be a sink, as the demo's: then no receiver asks the DNS."""
    return bool(place_relay) and not is_here(place_relay)


def check_relay(facts: Facts) -> Iterator[Finding]:
    place, outside = facts.place, facts.outside
    if not place.relay:
        yield Finding(Kind.NO_RELAY, _MAIL, "No mail relay is set.")
        return
    if outside.relay_fault:
        yield Finding(Kind.RELAY_FAILS, _MAIL, f"{place.relay}: {outside.relay_fault}.")
    if mail_leaves(place.relay):
        if place.relay_in_clear:
            yield Finding(Kind.RELAY_IN_CLEAR, _MAIL, f"The connection to {place.relay} is not encrypted.")
        if is_here(urlsplit(place.public_url).hostname or ""):
            what = f"Links in mails begin with {place.public_url}."
            yield Finding(Kind.LOCAL_ADDRESS, _MAIL, what)


def check_domains(facts: Facts) -> Iterator[Finding]:
    """Of each domain that mails come from; only where they were looked up."""
    for seen in facts.outside.domains:
        yield from domain_findings(seen)


def domain_findings(seen: DomainSeen) -> Iterator[Finding]:
    subject = Subject("domain", seen.domain, "/distributions/sender-domains")
    if seen.trouble:
        yield Finding(Kind.DNS_FAILS, subject, f"Its records could not be read: {seen.trouble}.")
        return
    yield from _spf(seen, subject)
    yield from _dkim(seen, subject)
    if len(seen.dmarc) != 1:
        count = "no" if not seen.dmarc else str(len(seen.dmarc))
        what = f"_dmarc.{seen.domain} has {count} DMARC record(s); one is needed."
        yield Finding(Kind.DMARC_MISSING, subject, what)


def _spf(seen: DomainSeen, subject: Subject) -> Iterator[Finding]:
    if not seen.spf:
        yield Finding(Kind.SPF_MISSING, subject, f"{seen.domain} has no SPF record.")
    elif len(seen.spf) > 1:
        yield Finding(Kind.SPF_SEVERAL, subject, f"{seen.domain} has {len(seen.spf)} SPF records.")
    elif {"+all", "all"} & set(seen.spf[0].casefold().split()):
        yield Finding(Kind.SPF_OPEN, subject, f"The SPF record ends with +all: {seen.spf[0]}")


def _dkim(seen: DomainSeen, subject: Subject) -> Iterator[Finding]:
    for name, (ours, held) in sorted(seen.keys.items()):
        if not held:
            yield Finding(
                Kind.DKIM_MISSING, subject, f"{name} has no record, and mails are signed with its key."
            )
        elif public_of(ours) not in {public_of(text) for text in held}:
            yield Finding(Kind.DKIM_DIFFERS, subject, f"{name} holds another key than the one that signs.")


def public_of(record: str) -> str:
    """The ``p=`` of a DKIM record, without white space (RFC 6376 3.6.1)."""
    tags = (part.partition("=") for part in record.split(";"))
    return next(("".join(value.split()) for name, _, value in tags if name.strip() == "p"), "")


def check_clocks(facts: Facts) -> Iterator[Finding]:
    for whose, ahead in facts.outside.clocks.items():
        if abs(ahead) > CLOCK_SECONDS:
            way = "ahead of" if ahead > 0 else "behind"
            what = f"The clock of {whose} is {abs(ahead):,.0f} s {way} this machine's."
            yield Finding(Kind.CLOCK_DIFFERS, Subject("clock", whose), what)
