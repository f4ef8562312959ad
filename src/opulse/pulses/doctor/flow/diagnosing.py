"""A whole look at one tenant, and the nightly one at all of them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from opulse.jobs import enqueue
from opulse.mail.models import Security
from opulse.observe.metrics import DOCTOR_FINDINGS
from opulse.ports import Ports
from opulse.pulses.doctor.facts import Facts, Place
from opulse.pulses.doctor.flow.gathering import gather
from opulse.pulses.doctor.flow.looking import look_outside
from opulse.pulses.doctor.models import DOCTOR_TENANT_DUE, LastReport, Report, Severity
from opulse.pulses.doctor.rules import examine
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.pulses.doctor.store import find_last, keep_report, list_kinds_of_all
from opulse.tenancy import list_tenants


async def diagnose(ports: Ports, tenant: int) -> Report:
    """Everything, what stands outside too. Bounded in time: see ``looking.PATIENCE``."""
    facts = await ports.db.read(facts_in, ports, tenant)
    outside = await look_outside(ports, facts)
    return Report(facts.now, examine(replace(facts, outside=outside)), outside.unseen)


def arrange_all_in(conn: Connection, day: str) -> None:
    """A look at each tenant, as a job of its own; a day that is arranged twice is looked at once."""
    for tenant in list_tenants(conn):
        enqueue(conn, tenant.id, DOCTOR_TENANT_DUE, {"day": day}, unique=f"{tenant.id} {day}", priority=8)


async def keep_diagnosis(ports: Ports, tenant: int) -> None:
    """Keep what a look at the tenant finds, and set ``opulse_doctor_findings``: the sum over all tenants."""
    report = await diagnose(ports, tenant)
    await ports.db.write(keep_report, tenant, report)
    counts = dict.fromkeys(Severity, 0)
    for kind in await ports.db.read(list_kinds_of_all):
        counts[CARDS[kind].severity] += 1
    for severity, count in counts.items():
        DOCTOR_FINDINGS.labels(severity.value).set(count)


async def last_look(ports: Ports, tenant: int) -> LastReport | None:
    """What the last nightly look kept."""
    return await ports.db.read(find_last, tenant)


def facts_in(conn: Connection, ports: Ports, tenant: int) -> Facts:
    """The facts of this moment, without what is outside."""
    return gather(conn, tenant, place_of(ports), ports.clock.now())


def place_of(ports: Ports) -> Place:
    relay = ports.relay()
    host = relay.host if relay else ""
    in_clear = relay is not None and relay.security is Security.OFF
    return Place(ports.public_url, ports.monitoring_url, host, in_clear)
