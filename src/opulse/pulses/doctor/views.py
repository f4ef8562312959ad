"""Counts over people, each one statement: 100,000 users against 100,000 contacts are one anti-join, never a loop."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from opulse.experience.directory.views import contacts, embedded_text, list_members
from opulse.monitoring.systems.models import FOREVER
from opulse.monitoring.systems.views import user_links
from opulse.pulses.doctor.facts import People


def read_people(conn: Connection, tenant: int) -> People:
    """What is missing between the users of systems, the contacts and their addresses."""
    return People(
        _count_users(conn, tenant),
        _count_users(conn, tenant, user_links.c.email != "", *_unknown()),
        _count_users(conn, tenant, user_links.c.email == "", *_unknown()),
        _no_address(conn, tenant),
        _stale(conn, tenant),
    )


def _unknown() -> tuple[ColumnElement[bool], ...]:
    """No contact has their id or their address."""
    theirs = and_(contacts.c.tenant == user_links.c.tenant, contacts.c.deleted.is_(False))
    by_id = exists().where(theirs, contacts.c.ext_ref_key == user_links.c.user_key)
    mail = func.lower(user_links.c.email)
    by_mail = exists().where(theirs, contacts.c.email_key == mail, contacts.c.email_key != "")
    return ~by_id, ~by_mail


def _count_users(conn: Connection, tenant: int, *conditions: ColumnElement[bool]) -> int:
    """Distinct primary and logged-on users of systems now."""
    query = select(func.count(user_links.c.user_key.distinct())).where(
        user_links.c.tenant == tenant,
        user_links.c.valid_to == FOREVER,
        or_(user_links.c.is_primary, user_links.c.is_logged_on),
        *conditions,
    )
    return int(conn.execute(query).scalar_one())


def _no_address(conn: Connection, tenant: int) -> dict[str, int]:
    on = and_(list_members.c.tenant == contacts.c.tenant, list_members.c.contact == contacts.c.id)
    query = (
        select(list_members.c.list, func.count())
        .join_from(contacts, list_members, on)
        .where(contacts.c.tenant == tenant, contacts.c.deleted.is_(False), contacts.c.email_key == "")
        .group_by(list_members.c.list)
    )
    return dict(conn.execute(query).all())


def _stale(conn: Connection, tenant: int) -> int:
    """lastAlarm without a time at which the sweep ends it: nobody but a hand or a file writes it so."""
    alarm = func.coalesce(embedded_text(conn, "lastAlarm"), "")
    query = select(func.count()).where(
        contacts.c.tenant == tenant,
        contacts.c.deleted.is_(False),
        contacts.c.alarm_until.is_(None),
        alarm.not_in(("", "[]")),
    )
    return int(conn.execute(query).scalar_one())
