"""Set a silence or an inhibition, and end one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection

from opulse.monitoring.notifications.flow.reading import find_notification, list_notifications
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.silences import store
from opulse.monitoring.silences.models import Inhibition, Silence, SilenceDraft, SilenceRefused
from opulse.monitoring.silences.rules import check_inhibition, check_silence
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def set_silence(ports: Ports, tenant: int, actor: str, draft: SilenceDraft) -> Silence:
    """From its start to its end nobody is told of what matches it.

    Raises:
        SilenceRefused: with everything to mend.
    """
    return await ports.db.write(set_silence_in, tenant, actor, draft, ports.clock.now())


def set_silence_in(conn: Connection, tenant: int, actor: str, draft: SilenceDraft, now: datetime) -> Silence:
    """:func:`set_silence` inside another unit."""
    silence = checked_in(conn, tenant, draft, actor, now)
    store.insert_silence(conn, tenant, silence)
    audit_in(conn, tenant, actor, "silence.set", silence.comment, None, _describe(silence), now)
    return silence


async def end_silence(ports: Ports, tenant: int, actor: str, silence: str) -> Silence | None:
    """End it now: what it muted and is still open is told. None: none of that id that is not over."""
    return await ports.db.write(end_silence_in, tenant, actor, silence, ports.clock.now())


def end_silence_in(conn: Connection, tenant: int, actor: str, silence: str, now: datetime) -> Silence | None:
    """:func:`end_silence` inside another unit."""
    found = store.find_silence(conn, tenant, silence)
    if found is None or not store.end_silence(conn, tenant, silence, now):
        return None
    audit_in(conn, tenant, actor, "silence.ended", found.comment, _describe(found), None, now)
    return found


async def set_inhibition(
    ports: Ports, tenant: int, actor: str, cause: str, symptoms: Sequence[str]
) -> Inhibition:
    """While ``cause`` has an open activation, nobody is told of activations of ``symptoms``.

    Raises:
        SilenceRefused: with everything to mend.
    """
    return await ports.db.write(set_inhibition_in, tenant, actor, cause, symptoms, ports.clock.now())


def set_inhibition_in(
    conn: Connection, tenant: int, actor: str, cause: str, symptoms: Sequence[str], now: datetime
) -> Inhibition:
    """:func:`set_inhibition` inside another unit."""
    wanted = tuple(dict.fromkeys(symptoms))
    known = {found.id: found.name for found in list_notifications(conn, tenant)}
    problems = check_inhibition(cause, wanted, known, store.list_inhibitions(conn, tenant))
    if problems:
        raise SilenceRefused(problems)
    inhibition = Inhibition(str(uuid4()), cause, wanted, actor, now)
    store.insert_inhibition(conn, tenant, inhibition)
    after = {"symptoms": [known[symptom] for symptom in wanted]}
    audit_in(conn, tenant, actor, "inhibition.set", known[cause], None, after, now)
    return inhibition


async def delete_inhibition(ports: Ports, tenant: int, actor: str, inhibition: str) -> bool:
    """What it mutes and is still open is told. False: there is none of that id."""
    return await ports.db.write(delete_inhibition_in, tenant, actor, inhibition, ports.clock.now())


def delete_inhibition_in(conn: Connection, tenant: int, actor: str, inhibition: str, now: datetime) -> bool:
    """:func:`delete_inhibition` inside another unit."""
    found = store.find_inhibition(conn, tenant, inhibition)
    if found is None:
        return False
    store.delete_inhibition(conn, tenant, inhibition)
    cause = find_notification(conn, tenant, found.cause)
    before = {"symptoms": list(found.symptoms)}
    audit_in(conn, tenant, actor, "inhibition.deleted", cause.name if cause else "", before, None, now)
    return True


def checked_in(conn: Connection, tenant: int, draft: SilenceDraft, actor: str, now: datetime) -> Silence:
    """The draft as a silence.

    Raises:
        SilenceRefused: with everything to mend.
    """
    problems = check_silence(
        draft,
        now,
        notification_known=not draft.notification
        or find_notification(conn, tenant, draft.notification) is not None,
        sensor_known=not draft.sensor or draft.sensor in find_sensors(conn, tenant, [draft.sensor]),
        group_known=not draft.group or find_group(conn, tenant, draft.group) is not None,
    )
    if problems or draft.starts_at is None or draft.ends_at is None:
        raise SilenceRefused(problems)
    return Silence(
        id=str(uuid4()),
        comment=draft.comment.strip(),
        notification=draft.notification,
        sensor=draft.sensor,
        group=draft.group,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        created_by=actor,
        created_at=now,
    )


def _describe(silence: Silence) -> dict[str, str]:
    return {
        "notification": silence.notification,
        "sensor": silence.sensor,
        "group": silence.group,
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
    }
