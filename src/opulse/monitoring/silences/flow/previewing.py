"""What a silence or a maintenance window would hide if it began now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from opulse.monitoring.activations.views import list_open_notifications
from opulse.monitoring.maintenance.views import list_maintained_groups
from opulse.monitoring.notifications.flow.previewing import picks_of
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.silences.flow.setting import checked_in
from opulse.monitoring.silences.models import SilenceDraft, Subject
from opulse.monitoring.silences.rules import matches_silence
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports


@dataclass(frozen=True)
class Hidden:
    """One notification that would be touched. ``is_open``: it has an activation now."""

    notification: str
    name: str
    is_open: bool
    count: int  # systems that it counts now
    count_then: int  # and that it would count: the same for a silence, which hides nobody from the count


async def preview_silence(
    ports: Ports, evaluator: Evaluator, tenant: int, draft: SilenceDraft
) -> list[Hidden]:
    """The notifications of which nobody would be told, by name.

    Raises:
        SilenceRefused: the draft cannot be saved; its comment does not matter.
    """
    now = ports.clock.now()

    def query(conn: Connection) -> list[tuple[Notification, bool]]:
        silence = checked_in(conn, tenant, replace(draft, comment=draft.comment or "preview"), "", now)
        whole = replace(silence, starts_at=now, ends_at=now + timedelta(seconds=1))
        found, opened = list_notifications(conn, tenant), list_open_notifications(conn, tenant)
        return [(each, each.id in opened) for each in found if matches_silence(whole, _subject(each), now)]

    found = await ports.db.read(query)
    return [_hidden(evaluator, tenant, notification, is_open) for notification, is_open in found]


async def preview_window(ports: Ports, evaluator: Evaluator, tenant: int, group_id: str) -> list[Hidden]:
    """The notifications that would count fewer systems, or out of fewer, by name. An unknown group: none."""
    now = ports.clock.now()

    def query(conn: Connection) -> tuple[int | None, frozenset[int], list[Notification], set[str]]:
        group = find_group(conn, tenant, group_id)
        maintained = list_maintained_groups(conn, tenant, now)
        return (
            group.idx if group else None,
            maintained,
            list_notifications(conn, tenant),
            list_open_notifications(conn, tenant),
        )

    group, maintained, found, opened = await ports.db.read(query)
    if group is None:
        return []
    shown = []
    for notification in found:
        before = _hidden(evaluator, tenant, notification, notification.id in opened, maintained)
        after = _hidden(evaluator, tenant, notification, before.is_open, maintained | {group})
        if after.count != before.count:
            shown.append(replace(before, count_then=after.count))
    return shown


def _hidden(
    evaluator: Evaluator,
    tenant: int,
    notification: Notification,
    is_open: bool,
    maintained: frozenset[int] = frozenset(),
) -> Hidden:
    picks, hidden = picks_of(notification.sensors), evaluator.members_of(tenant, maintained)
    count = evaluator.count(tenant, picks, notification.group_index, notification.needed_sensors, hidden)
    many = len(count.qualifying)
    return Hidden(notification.id, notification.name, is_open, many, many)


def _subject(notification: Notification) -> Subject:
    names = tuple(sensor.name for sensor in notification.sensors)
    return Subject(notification.id, names, notification.group_id)
