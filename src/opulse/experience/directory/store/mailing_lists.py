"""Lists, segments and samples, and who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from opulse.experience.directory.models import EVERYTHING, ListKind, ListShare, MailingList, Viewer
from opulse.experience.directory.store.tables import list_members, list_shares, mailing_lists


def insert_list(conn: Connection, tenant: int, one: MailingList) -> None:
    conn.execute(
        insert(mailing_lists).values(
            tenant=tenant,
            id=one.id,
            directory=one.directory,
            name=one.name,
            created_at=one.created_at,
            kind=one.kind.value,
            owner=one.owner,
            rule=one.rule,
            source=one.source,
            refreshed_at=one.refreshed_at,
            expires_at=one.expires_at,
        )
    )


def list_lists(
    conn: Connection, tenant: int, directory: str | None = None, viewer: Viewer = EVERYTHING
) -> list[MailingList]:
    """What the viewer may see, with how many are on each; of one directory, or of all."""
    query = _with_members().where(mailing_lists.c.tenant == tenant, may_see(viewer))
    if directory is not None:
        query = query.where(mailing_lists.c.directory == directory)
    return [_list(row) for row in conn.execute(query.order_by(mailing_lists.c.name, mailing_lists.c.id))]


def find_list(conn: Connection, tenant: int, list_id: str, viewer: Viewer = EVERYTHING) -> MailingList | None:
    """The list, if the viewer may see it. How many are on it is not counted."""
    row = conn.execute(
        select(mailing_lists).where(
            mailing_lists.c.tenant == tenant, mailing_lists.c.id == list_id, may_see(viewer)
        )
    ).one_or_none()
    return None if row is None else _list(row)


def count_members(conn: Connection, tenant: int, list_id: str) -> int:
    query = select(func.count()).where(list_members.c.tenant == tenant, list_members.c.list == list_id)
    return int(conn.execute(query).scalar_one())


def may_see(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of ``mailing_lists`` that are everybody's, the viewer's own, or shared with them."""
    if viewer.sees_all:
        return true()
    mine = or_(
        mailing_lists.c.owner.in_(["", viewer.person]),
        exists().where(_shared(viewer)).correlate(mailing_lists),
    )
    return mine if viewer.sees_ruled else and_(mine, mailing_lists.c.kind == ListKind.LIST.value)


def may_edit(conn: Connection, tenant: int, list_id: str, viewer: Viewer) -> bool:
    """Whether the viewer may change the list and who is on it."""
    if viewer.sees_all:
        return True
    mine = or_(
        mailing_lists.c.owner.in_(["", viewer.person]),
        exists().where(_shared(viewer), list_shares.c.may_edit.is_(True)).correlate(mailing_lists),
    )
    query = select(mailing_lists.c.id).where(
        mailing_lists.c.tenant == tenant, mailing_lists.c.id == list_id, mine
    )
    return conn.execute(query).first() is not None


def list_shares_of(conn: Connection, tenant: int, list_id: str) -> list[ListShare]:
    rows = conn.execute(
        select(list_shares.c.person, list_shares.c.may_edit)
        .where(list_shares.c.tenant == tenant, list_shares.c.list == list_id)
        .order_by(list_shares.c.person)
    )
    return [ListShare(row.person, row.may_edit) for row in rows]


def replace_shares(
    conn: Connection, tenant: int, list_id: str, owner: str, shares: Sequence[ListShare]
) -> None:
    conn.execute(delete(list_shares).where(list_shares.c.tenant == tenant, list_shares.c.list == list_id))
    rows = [
        {"tenant": tenant, "list": list_id, "person": one.person, "may_edit": one.may_edit} for one in shares
    ]
    if rows:
        conn.execute(insert(list_shares), rows)
    conn.execute(_one(tenant, list_id).values(owner=owner))


def set_rule(conn: Connection, tenant: int, list_id: str, name: str, rule: str) -> None:
    conn.execute(_one(tenant, list_id).values(name=name, rule=rule))


def set_refreshed(conn: Connection, tenant: int, list_id: str, now: datetime) -> None:
    conn.execute(_one(tenant, list_id).values(refreshed_at=now))


def count_segments(conn: Connection, tenant: int, directory: str) -> int:
    query = select(func.count()).where(
        mailing_lists.c.tenant == tenant,
        mailing_lists.c.directory == directory,
        mailing_lists.c.kind == ListKind.SEGMENT.value,
    )
    return int(conn.execute(query).scalar_one())


def list_stale_segments(conn: Connection, before: datetime) -> list[tuple[int, str]]:
    """(tenant, segment) whose rule was not asked since."""
    rows = conn.execute(
        select(mailing_lists.c.tenant, mailing_lists.c.id).where(
            mailing_lists.c.kind == ListKind.SEGMENT.value,
            or_(mailing_lists.c.refreshed_at.is_(None), mailing_lists.c.refreshed_at < before),
        )
    )
    return [(row.tenant, row.id) for row in rows]


def list_expired(conn: Connection, now: datetime) -> list[tuple[int, str]]:
    """(tenant, sample) whose time is over."""
    rows = conn.execute(
        select(mailing_lists.c.tenant, mailing_lists.c.id).where(mailing_lists.c.expires_at <= now)
    )
    return [(row.tenant, row.id) for row in rows]


def delete_members(conn: Connection, tenant: int, list_id: str, limit: int) -> int:
    """Take some of the members off; returns how many. Whoever opted out of a list is forgotten with it."""
    some = (
        select(list_members.c.contact)
        .where(list_members.c.tenant == tenant, list_members.c.list == list_id)
        .limit(limit)
    )
    done = conn.execute(
        delete(list_members).where(
            list_members.c.tenant == tenant, list_members.c.list == list_id, list_members.c.contact.in_(some)
        )
    )
    return done.rowcount


def delete_list(conn: Connection, tenant: int, list_id: str) -> None:
    """The list, which has no members any more."""
    conn.execute(delete(list_shares).where(list_shares.c.tenant == tenant, list_shares.c.list == list_id))
    conn.execute(delete(mailing_lists).where(mailing_lists.c.tenant == tenant, mailing_lists.c.id == list_id))


def _shared(viewer: Viewer) -> ColumnElement[bool]:
    return and_(
        list_shares.c.tenant == mailing_lists.c.tenant,
        list_shares.c.list == mailing_lists.c.id,
        list_shares.c.person == viewer.person,
    )


def _one(tenant: int, list_id: str) -> Any:
    return update(mailing_lists).where(mailing_lists.c.tenant == tenant, mailing_lists.c.id == list_id)


def _with_members() -> Select[Any]:
    members = (
        select(func.count())
        .where(list_members.c.tenant == mailing_lists.c.tenant, list_members.c.list == mailing_lists.c.id)
        .scalar_subquery()
    )
    return select(mailing_lists, members.label("members"))


def _list(row: Row[Any]) -> MailingList:
    values = row._mapping
    return MailingList(
        id=row.id,
        directory=row.directory,
        name=row.name,
        created_at=row.created_at,
        members=values.get("members", 0),
        kind=ListKind(row.kind),
        owner=row.owner,
        rule=row.rule,
        source=row.source,
        refreshed_at=row.refreshed_at,
        expires_at=row.expires_at,
    )
