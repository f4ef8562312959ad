"""What is seen beyond the database: relay, DNS, clocks. All at once, each within its time, and the whole within its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from opulse.experience.distributions.flow.sender_domains import list_domain_keys
from opulse.mail.domain_records import DnsSilent, read_texts
from opulse.mail.models import Relay, Timeouts
from opulse.mail.smtp.replies import SessionBroken
from opulse.mail.smtp.session import open_session
from opulse.outbound import OutboundError
from opulse.ports import Ports
from opulse.pulses.doctor.facts import DomainSeen, Facts, Outside
from opulse.pulses.doctor.rules.around import is_here, mail_leaves
from opulse.pulses.doctor.rules.pairing import askers, distribute
from opulse.pulses.doctor.rules.wiring import receivers, task_form

PATIENCE = 15.0  # seconds; the whole look ends by then, whoever does not answer
STEP = 5.0
DOMAINS = 20  # a tenant has one or two; a script that makes thousands shall not make us a DNS flood


async def look_outside(ports: Ports, facts: Facts) -> Outside:
    """Never raises for what others do, and never takes longer than ``PATIENCE``."""
    relay = ports.relay()
    looks: dict[str, Coroutine[Any, Any, Any]] = {"database": _database_ahead(ports)}
    if relay is not None:
        looks["relay"] = _relay_fault(relay)
    if relay is not None and (mail_leaves(relay.host) or ports.resolver):
        looks |= {f"domain {name}": _domain(ports, facts, name) for name in _domains(ports, facts)}
    looks |= {f"cloud {url}": _cloud_ahead(ports, url) for url in _clouds(ports, facts)}
    tasks = {name: asyncio.create_task(look) for name, look in looks.items()}
    _, late = await asyncio.wait(tasks.values(), timeout=PATIENCE)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    seen = {name: task.result() for name, task in tasks.items() if task not in late}
    clocks = {
        name.partition(" ")[2] or "the database": ahead
        for name, ahead in seen.items()
        if name.startswith(("database", "cloud")) and ahead is not None
    }
    return Outside(
        relay_fault=seen.get("relay", ""),
        domains=tuple(found for name, found in seen.items() if name.startswith("domain ")),
        clocks=clocks,
        unseen=tuple(name for name, task in tasks.items() if task in late),
    )


def _domains(ports: Ports, facts: Facts) -> Sequence[str]:
    """The domains that mails of this tenant come from."""
    froms = [
        str(task.form.get("from_address") or "")
        for one in askers(facts)
        if (task := distribute(one.workflow))
    ]
    names = {address.rpartition("@")[2].lower() for address in [ports.mail_from, *froms] if address}
    return sorted(names)[:DOMAINS]


def _clouds(ports: Ports, facts: Facts) -> list[str]:
    """Cloud URLs that are not this installation: its clock is ours."""
    own = {urlsplit(url).netloc for url in (ports.public_url, ports.monitoring_url)}
    typed = {str(task_form(one)["cloud_url"]) for one in receivers(facts)}
    urls = {url if "://" in url else f"https://{url}" for url in typed if url not in own}
    return sorted(url for url in urls if not is_here(urlsplit(url).hostname or ""))[:DOMAINS]


async def _relay_fault(relay: Relay) -> str:
    """Why no session with it can be had; empty: one was had, with its certificate checked and signed in."""
    limited = Relay(
        host=relay.host,
        port=relay.port,
        security=relay.security,
        username=relay.username,
        password=relay.password,
        ca_file=relay.ca_file,
        client_name=relay.client_name,
        timeouts=Timeouts(connect=STEP, command=STEP),
    )
    try:
        session = await open_session(limited)
    except SessionBroken as broken:
        return f"{broken.reason.value.replace('_', ' ')}: {broken}".rstrip(": ")
    await session.close()
    return ""


async def _domain(ports: Ports, facts: Facts, name: str) -> DomainSeen:
    keys = [
        one for one in await list_domain_keys(ports, facts.tenant.id) if one.active and one.domain == name
    ]
    ours = {one.record_name: one.public for one in keys}
    if ports.signer is not None and ports.signer.domain == name and not keys:
        record, public = ports.signer.record
        ours[record] = public
    try:
        top, dmarc, *held = await asyncio.gather(
            read_texts(name, ports.resolver, STEP),
            read_texts(f"_dmarc.{name}", ports.resolver, STEP),
            *(read_texts(record, ports.resolver, STEP) for record in ours),
        )
    except DnsSilent as silent:
        return DomainSeen(name, trouble=str(silent))
    return DomainSeen(
        name,
        spf=tuple(one for one in top if one.casefold() == "v=spf1" or one.casefold().startswith("v=spf1 ")),
        dmarc=tuple(one for one in dmarc if one.replace(" ", "").startswith("v=DMARC1")),
        keys={record: (ours[record], found) for record, found in zip(ours, held, strict=True)},
    )


async def _database_ahead(ports: Ports) -> float | None:
    """Seconds; None for SQLite, which has no clock of its own."""
    if ports.db.dialect != "postgresql":
        return None
    theirs = await ports.db.read(_database_now)
    return (theirs - ports.clock.now()).total_seconds()


def _database_now(conn: Connection) -> datetime:
    found: datetime = conn.execute(text("select clock_timestamp()")).scalar_one()
    return found


async def _cloud_ahead(ports: Ports, url: str) -> float | None:
    try:
        answer = await asyncio.wait_for(ports.http.request("HEAD", url), STEP)
        stamp = parsedate_to_datetime(answer.headers.get("date", ""))
    except (OutboundError, OSError, ValueError, TypeError):
        return None  # whether it answers at all is the task's matter; many answer no HEAD
    return (stamp.astimezone(UTC) - ports.clock.now()).total_seconds()
