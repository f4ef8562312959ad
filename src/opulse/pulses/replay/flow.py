"""Read the stored records in pages, carry the rule over them, and say who the users of the systems were."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.monitoring.activations.flow.deciding import rule_of
from opulse.monitoring.notifications.flow.drafting import read_draft_in
from opulse.monitoring.notifications.flow.previewing import picks_of
from opulse.monitoring.notifications.models import NotificationDraft
from opulse.monitoring.sensors.flow.estate import Estate
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.models import JournalEntry, SystemUser
from opulse.monitoring.systems.views import list_all_members, list_journal, list_systems_at
from opulse.ports import Ports
from opulse.pulses.replay.models import Replay, ReplayRefused, WouldBe
from opulse.pulses.replay.running import Opened, Running

PAGE = 500
SHOWN = 20
_FOR_EVER = timedelta(days=3650)  # heartbeats are not in the journal: whoever was heard once reports
"""See ``models.CAVEATS``."""


async def replay(
    ports: Ports, tenant: int, draft: NotificationDraft, start: datetime, end: datetime
) -> Replay:
    """Carry the draft over the stored records from ``start`` to ``end`` (both aware).

    Records before ``start`` that are still stored are applied first, so that what was triggered then is known.

    Raises:
        NotificationRefused: the draft could not be saved either.
        ReplayRefused: the span is empty or in the future.
    """
    now = ports.clock.now()
    if start >= end or start > now:
        raise ReplayRefused("A replay goes from an earlier moment to a later one, and begins in the past.")
    running, first = await ports.db.read(_begin, tenant, draft, start, ports)
    entries = await ports.db.read(list_journal, tenant, running.estate.position, PAGE)
    while entries:
        for entry in entries:
            if entry.at <= end:
                running.take(entry)
        if entries[-1].at > end:
            break
        await asyncio.sleep(0)  # others want their turn: a week of records takes its time
        entries = await ports.db.read(list_journal, tenant, entries[-1].position, PAGE)
    running.pass_time(min(end, now))
    shown = [await ports.db.read(_would_be, tenant, opened) for opened in running.opened]
    return Replay(start, end, first, running.records, running.most_at_once, tuple(shown))


def _begin(
    conn: Connection, tenant: int, draft: NotificationDraft, start: datetime, ports: Ports
) -> tuple[Running, datetime | None]:
    notification = read_draft_in(conn, tenant, draft)
    oldest: list[JournalEntry] = list_journal(conn, tenant, 0, 1)
    estate = Estate(_FOR_EVER)
    estate.members = list_all_members(conn, tenant)
    estate.set_sensors(list_sensors(conn, tenant))
    estate.position = oldest[0].position - 1 if oldest else 0
    running = Running(
        estate=estate,
        rule=rule_of(notification, ports.limits),
        picks=picks_of(notification.sensors),
        needed=notification.needed_sensors,
        group_idx=notification.group_index,
        start=start,
    )
    return running, oldest[0].at if oldest else None


def _would_be(conn: Connection, tenant: int, opened: Opened) -> WouldBe:
    names: list[str] = []
    people: set[str] = set()
    for page in chunked(opened.at_activation, 1000):
        for system in list_systems_at(conn, tenant, page, opened.at):
            names.append(system.name)
            people |= {_key(user) for user in system.users if user.is_primary or user.is_logged_on}
    return WouldBe(
        opened.at,
        opened.closed_at,
        len(opened.at_activation),
        len(opened.ever),
        len(people),
        tuple(sorted(names)[:SHOWN]),
    )


def _key(user: SystemUser) -> str:
    return (user.email or user.user_id).casefold()
