"""Forget by age, tenant by tenant, at most 2,000 rows per write unit; what is interrupted goes on with the next time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.flow import forgetting as directory
from opulse.experience.distributions.flow import forgetting as distributions
from opulse.experience.extensions.operational_pulse.flow import forgetting as pulses
from opulse.experience.privacy.models import PrivacyRefused, Terms
from opulse.experience.privacy.store import tables as store
from opulse.experience.responses.flow import forgetting as responses
from opulse.observe import get_logger
from opulse.ports import Ports
from opulse.tenancy import audit_in, list_tenants

STEP = 2_000
SETS = 200  # change sets per unit: each has rows of its own
DAYS_MAX = 36_500

log = get_logger("privacy")


async def set_terms(ports: Ports, tenant: int, terms: Terms, actor: str) -> None:
    """Say for how many days things are kept.

    Raises:
        PrivacyRefused: a number of days is below 0 or beyond a century.
    """
    if any(not 0 <= days <= DAYS_MAX for days in asdict(terms).values()):
        raise PrivacyRefused(f"days are whole numbers from 0 (without end) to {DAYS_MAX:,}")
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        before = asdict(store.find_terms(conn, tenant))
        store.put_terms(conn, tenant, terms)
        audit_in(conn, tenant, actor, "retention.changed", str(tenant), before, asdict(terms), now)

    await ports.db.write(unit)


async def forget_by_age(ports: Ports) -> None:
    """Every tenant by its terms."""
    for tenant in await ports.db.read(list_tenants):
        terms = await ports.db.read(store.find_terms, tenant.id)
        done = await forget_of(ports, tenant.id, terms)
        if any(done.values()):
            log.info("what was old is forgotten", tenant=tenant.id, **done)


async def forget_of(ports: Ports, tenant: int, terms: Terms) -> dict[str, int]:
    """Forget what is older than the terms; how many rows that were, by term."""
    now = ports.clock.now()

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    done = dict.fromkeys(asdict(terms), 0)
    if terms.comments:
        done["comments"] = await _forget_texts(ports, tenant, before(terms.comments))
        done["comments"] += await _repeat(
            ports, pulses.forget_old_words, tenant, before(terms.comments), STEP
        )
    if terms.answer_link:
        done["answer_link"] = await _repeat(ports, _cut_in, tenant, before(terms.answer_link), now, STEP)
        done["answer_link"] += await _repeat(
            ports, pulses.cut_old_people, tenant, before(terms.answer_link), STEP
        )
    if terms.mail_log:
        done["mail_log"] = await _repeat(ports, distributions.blank_old, tenant, before(terms.mail_log), STEP)
    if terms.changes:
        done["changes"] = await _repeat(
            ports, directory.delete_old_changes_of, tenant, before(terms.changes), SETS
        )
    if terms.refused_rows:
        done["refused_rows"] = await _repeat(
            ports, directory.delete_old_refused, tenant, before(terms.refused_rows), STEP
        )
        done["refused_rows"] += await ports.db.write(
            directory.delete_old_entries, tenant, before(terms.refused_rows)
        )
    return done


async def _repeat(ports: Ports, unit: Callable[..., int], *args: Any) -> int:
    total = 0
    while more := await ports.db.write(unit, *args):
        total += more
    return total


async def _forget_texts(ports: Ports, tenant: int, before: datetime) -> int:
    total, after = 0, ""
    while ids := await ports.db.read(responses.list_with_old_texts, tenant, before, after, STEP):
        total += await ports.db.write(responses.forget_texts, tenant, ids)
        after = ids[-1]
    return total


def _cut_in(conn: Connection, tenant: int, before: datetime, now: datetime, limit: int) -> int:
    found = responses.cut_links(conn, tenant, before, now, limit)
    distributions.mark_cut(conn, tenant, found)
    return len(found)
