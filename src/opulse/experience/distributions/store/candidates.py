"""Whom a request selects, and all that the decision about them reads: a few queries per chunk, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, func, literal, select

from opulse.experience.directory.models import MAIN_FIELDS, AskingHours, FrequencyRule
from opulse.experience.directory.views import (
    change_members,
    contacts,
    embedded_text,
    list_members,
    list_private,
    out_everywhere,
)
from opulse.experience.distributions.models import AskRequest, Candidate, Distribution, SpareReason
from opulse.experience.distributions.models.deciding import DUPLICATE_WINDOW
from opulse.experience.distributions.store.among import among
from opulse.experience.distributions.store.history import (
    History,
    list_asked_addresses,
    list_histories,
    list_twins,
)
from opulse.experience.distributions.store.returning import list_suppressed
from opulse.experience.distributions.store.tables import invitations
from opulse.mail.addresses import wire_address
from opulse.mail.models import MessageRefused
from opulse.templating.piped import CONTACT, EMBEDDED
from opulse.templating.values import pipe_text

_READ = tuple(
    column
    for column in contacts.c
    if column.name not in ("embedded", "unsubscribed_at", "alarm_until", "created_at", "updated_at")
)
"""What a decision and the pipes of main fields read. Embedded data is parsed per person, so it is read where a pipe wants it."""


def list_selected(conn: Connection, request: AskRequest, after: str, limit: int) -> list[str]:
    """The next contact ids of the request, in order, behind ``after``."""
    if request.selection is None:
        return sorted(one for one in set(request.contact_ids) if one > after)[:limit]
    query = (
        select(change_members.c.contact)
        .where(
            change_members.c.tenant == request.tenant,
            change_members.c.change_set == request.selection.change_set,
            change_members.c.number.in_(request.selection.groups),
            change_members.c.contact > after,
        )
        .order_by(change_members.c.contact)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def list_decided(
    conn: Connection, tenant: int, workflow: str, cause: str, wave: int, ids: Sequence[str]
) -> set[str]:
    """Those of ``ids`` that were decided already: an earlier try of the same request."""
    query = select(invitations.c.contact).where(
        invitations.c.tenant == tenant,
        invitations.c.workflow == workflow,
        invitations.c.cause == cause,
        among(conn, invitations.c.contact, ids),
        invitations.c.wave == wave,
    )
    return set(conn.execute(query).scalars())


def list_people(
    conn: Connection,
    tenant: int,
    ids: Sequence[str],
    keys: Sequence[str],
    hours: Mapping[str, AskingHours] | None = None,
) -> Sequence[Any]:
    """Rows of these contacts, in id order, with what the decision and the pipes ``keys`` read.

    ``hours``: directory → its asking hours, which may name the embedded data with a person's working hours.
    """
    chosen = contacts.c.tenant == tenant, among(conn, contacts.c.id, ids)
    shift = _shift_of(conn, hours or {})
    read = [*_READ, contacts.c.embedded] if any(key.startswith(EMBEDDED) for key in keys) else _READ
    return conn.execute(
        select(*read, out_everywhere().label("out_everywhere"), shift).where(*chosen).order_by(contacts.c.id)
    ).all()


def _shift_of(conn: Connection, hours: Mapping[str, AskingHours]) -> ColumnElement[Any]:
    """The working hours of each contact as text; empty where their directory names no field for them."""
    fields = {directory: one.shift_field for directory, one in hours.items() if one.shift_field}
    if not fields:
        return literal("", Text()).label("shift")
    read = [
        (contacts.c.directory == directory, embedded_text(conn, field)) for directory, field in fields.items()
    ]
    return func.coalesce(case(*read, else_=""), "", type_=Text()).label("shift")


def candidates_of(
    conn: Connection,
    distribution: Distribution,
    rows: Sequence[Any],
    rules: Sequence[tuple[str, FrequencyRule]],
    keys: Sequence[str],
    now: datetime,
    *,
    held_again: bool = False,
) -> list[Candidate]:
    """Rows of :func:`list_people` with all else that the decision reads, in their order.

    Args:
        keys: further pipes of the message (``e://Field/x``, ``m://ExternalDataReference``) whose values are frozen.
        held_again: the contacts were held by this distribution; their own rows do not count against them.
    """
    ids = [row.id for row in rows]
    plain = [rule for _, rule in rules]
    histories = list_histories(conn, distribution, ids, plain, now, held_again=held_again)
    out_of_list = _list_out_of_list(conn, distribution, ids)
    suppressed = list_suppressed(conn, distribution.tenant, [row.email_key for row in rows])
    twins = {} if held_again else list_twins(conn, distribution, ids, now - DUPLICATE_WINDOW)
    addresses: dict[str, set[str]] = {}
    if distribution.activation and not held_again:
        for address, contact in list_asked_addresses(conn, distribution, [row.email_key for row in rows]):
            addresses.setdefault(address, set()).add(contact)
    private = _private_data(conn, distribution, ids, keys)
    never = History(recent=(0,) * len(rules))
    return [
        _candidate(
            row,
            histories.get(row.id, never),
            keys,
            private.get(row.id, {}),
            out_of_list=row.id in out_of_list,
            same_address=bool(addresses.get(row.email_key, set()) - {row.id}),
            suppressed=suppressed.get(row.email_key),
            twins=twins.get(row.id, ()),
            own=distribution.embedded,
        )
        for row in rows
    ]


def _private_data(
    conn: Connection, distribution: Distribution, ids: Sequence[str], keys: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    """What contacts have on the list that is asked, where the message reads embedded data."""
    if not distribution.list_id or not any(key.startswith(EMBEDDED) for key in keys):
        return {}
    return list_private(conn, distribution.tenant, distribution.list_id, ids)


def _list_out_of_list(conn: Connection, distribution: Distribution, ids: Sequence[str]) -> set[str]:
    if not distribution.list_id:
        return set()
    query = select(list_members.c.contact).where(
        list_members.c.tenant == distribution.tenant,
        list_members.c.list == distribution.list_id,
        among(conn, list_members.c.contact, ids),
        list_members.c.unsubscribed.is_(True),
    )
    return set(conn.execute(query).scalars())


def _candidate(
    row: Any,
    history: History,
    keys: Sequence[str],
    private: Mapping[str, Any],
    *,
    out_of_list: bool,
    same_address: bool,
    suppressed: SpareReason | None,
    twins: Sequence[Mapping[str, Any]],
    own: Mapping[str, Any],
) -> Candidate:
    email = row.email.strip()
    fields = {key: _value(row, key, private, own) for key in keys}
    return Candidate(
        contact=row.id,
        directory=row.directory,
        email=email,
        email_key=row.email_key,
        first_name=row.first_name,
        last_name=row.last_name,
        language=row.language,
        deleted=row.deleted,
        opted_out=row.unsubscribed,
        opted_out_everywhere=bool(row.out_everywhere),
        opted_out_of_list=out_of_list,
        muted_until=row.muted_until,
        deliverable=_is_deliverable(email),
        asked_by_this_pulse=history.by_this_pulse or same_address,
        asked_in_activation=history.in_activation,
        recent=history.recent,
        last_asked_at=history.last_asked_at,
        busy_until=history.busy_until,
        time_zone=row.time_zone,
        shift=row.shift,
        fields=fields,
        suppressed=suppressed,
        duplicate=fields in twins,
    )


def _is_deliverable(email: str) -> bool:
    try:
        return bool(wire_address(email))
    except MessageRefused:
        return False


def _value(row: Any, key: str, private: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The text that a pipe of the message stands for on this contact; empty where there is none.

    What goes with this mail counts first (``own``, the distribution's), then the list's (``private``), then the contact's.
    """
    source, _, path = key.partition("://")
    if source == CONTACT:
        return str(getattr(row, MAIN_FIELDS[path])) if path in MAIN_FIELDS else ""
    if source != EMBEDDED:
        return ""
    name = path.removeprefix("Field/")
    for data in (own, private):
        if name in data:
            return pipe_text(data[name])
    return pipe_text(row.embedded.get(name))
