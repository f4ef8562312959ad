"""Remind those who did not answer, thank those who did: once per person and round, and nobody whose link has expired.

A follow-up is a plan. The clock's job looks for people whose time has come and gives each a row of a child distribution, which
the sender mails as any other. Whoever has a row is not found again, so a crash between two steps repeats nothing; who answers
between the row and the mail is left out when the mail is claimed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import wake
from opulse.experience.directory import views as directory
from opulse.experience.distributions.flow.planning import decide_follow_in, plan_in
from opulse.experience.distributions.models import (
    MAIL_DUE,
    SLOT_STATES,
    Decision,
    Distribution,
    DistributionState,
    FollowUpState,
    InvitationState,
    LinkType,
)
from opulse.experience.distributions.models.following import Followed, FollowUp, FollowUpWish
from opulse.experience.distributions.rules import decide_next_look, why_not_followed
from opulse.experience.distributions.store import asking
from opulse.experience.distributions.store import following as store
from opulse.experience.distributions.store.chores import OPEN_FOR
from opulse.experience.distributions.store.records import find_distribution
from opulse.observe import faults, get_logger
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

CHUNK = 500  # people of one unit

log = get_logger("distributions.following")


class NotFollowable(ValueError):
    """This reminder or thank-you cannot be planned; the message says why."""


async def plan_follow_up(
    ports: Ports, tenant: int, distribution: str, wish: FollowUpWish, actor: str
) -> FollowUp:
    """Plan it. Raises LookupError (no such distribution) or NotFollowable."""

    def unit(conn: Connection) -> FollowUp:
        of = find_distribution(conn, tenant, distribution)
        if of is None:
            raise LookupError(distribution)
        return plan_follow_up_in(conn, of, wish, actor, ports.clock.now())

    return await ports.db.write(unit)


def plan_follow_up_in(
    conn: Connection, of: Distribution, wish: FollowUpWish, actor: str, now: datetime
) -> FollowUp:
    """Plan it on the caller's connection. Raises NotFollowable."""
    asking.lock_distributions(conn, of.tenant, of.cause)
    planned = store.list_follow_ups(conn, of.tenant, of.id)
    if why := why_not_followed(wish, of, planned):
        raise NotFollowable(why)
    made = FollowUp(
        tenant=of.tenant,
        id=new_id(Prefix.FOLLOW_UP),
        distribution=of.id,
        kind=wish.kind,
        number=1 + sum(one.kind is wish.kind for one in planned),
        after=wish.after,
        message=wish.message,
        state=FollowUpState.PLANNED,
        child="",
        look_at=now,
        created_by=actor,
        created_at=now,
    )
    store.insert_follow_up(conn, made)
    after = {"kind": made.kind.value, "after_seconds": wish.after.total_seconds(), "distribution": of.id}
    audit_in(conn, of.tenant, actor, "follow_up.planned", made.id, None, after, now)
    return made


async def plan_distribution(
    ports: Ports, tenant: int, distribution: str, wish: FollowUpWish, actor: str
) -> Distribution:
    """:func:`plan_follow_up` for callers who need the id of its mails' distribution before anybody's time has come."""

    def unit(conn: Connection) -> Distribution:
        of = find_distribution(conn, tenant, distribution)
        if of is None:
            raise LookupError(distribution)
        now = ports.clock.now()
        return _child_in(conn, plan_follow_up_in(conn, of, wish, actor, now), of, now)

    return await ports.db.write(unit)


async def end_follow_up(ports: Ports, tenant: int, distribution: str, follow_up: str, actor: str) -> None:
    """Nobody gets it any more who has not got it yet. Raises LookupError."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        one = store.find_follow_up(conn, tenant, follow_up)
        if one is None or one.distribution != distribution:
            raise LookupError(follow_up)
        if one.state is FollowUpState.PLANNED:
            store.end_follow_up(conn, tenant, follow_up)
            before, after = {"state": one.state.value}, {"state": FollowUpState.ENDED.value}
            audit_in(conn, tenant, actor, "follow_up.ended", follow_up, before, after, now)

    await ports.db.write(unit)


async def list_follow_ups(ports: Ports, tenant: int, distribution: str) -> list[FollowUp]:
    """Those of one distribution. Raises LookupError: there is none of this id."""

    def query(conn: Connection) -> list[FollowUp]:
        if find_distribution(conn, tenant, distribution) is None:
            raise LookupError(distribution)
        return store.list_follow_ups(conn, tenant, distribution)

    return await ports.db.read(query)


async def follow_up_due(ports: Ports) -> int:
    """Give everybody whose time has come their row. How many rows were made."""
    made = 0
    for one in await ports.db.read(store.list_due, ports.clock.now()):
        made += await _follow_up(ports, one)
    return made


async def _follow_up(ports: Ports, one: FollowUp) -> int:
    made, after = 0, ""
    while True:
        people, rows = await ports.db.write(_follow_chunk, ports, one, after)
        faults.point("follow_ups.inserted")
        made += rows
        if len(people) < CHUNK:
            break
        after = people[-1].invitation
    await ports.db.write(_look_again, one, ports.clock.now())
    if made:
        log.info("people are followed up", kind=one.kind.value, distribution=one.distribution, rows=made)
    return made


def _follow_chunk(
    conn: Connection, ports: Ports, one: FollowUp, after: str
) -> tuple[Sequence[Followed], int]:
    """Decide for the next people behind ``after``, and write their rows. Nobody's: the distribution was stopped."""
    now = ports.clock.now()
    of = find_distribution(conn, one.tenant, one.distribution)
    if of is None or of.state is DistributionState.CANCELLED:
        return [], 0
    people = store.list_followed(conn, one, of, now, after, CHUNK)
    if not people:
        return [], 0
    child = _child_in(conn, one, of, now)
    ids = sorted(person.contact for person in people)
    directory.lock_contacts(conn, one.tenant, ids)
    decisions = decide_follow_in(conn, plan_in(conn, child), of, one.kind, ids, now)
    rows = [
        row
        for wave, expires_at in dict.fromkeys((person.wave, person.expires_at) for person in people)
        for row in _insert(conn, ports, child, decisions, _alike(people, wave, expires_at), now)
    ]
    asking.add_taken(conn, one.tenant, child.id, sum(row.state in SLOT_STATES for row in rows))
    wake(conn, MAIL_DUE)
    return people, len(rows)


def _alike(people: Sequence[Followed], wave: int, expires_at: datetime) -> dict[str, Followed]:
    """By contact, those of one wave whose links end together: what one statement inserts."""
    return {one.contact: one for one in people if (one.wave, one.expires_at) == (wave, expires_at)}


def _insert(
    conn: Connection,
    ports: Ports,
    child: Distribution,
    decisions: Sequence[Decision],
    people: dict[str, Followed],
    now: datetime,
) -> list[Decision]:
    """Held ones get no row: they are found again once what holds them is over."""
    mine = [
        one for one in decisions if one.candidate.contact in people and one.state is not InvitationState.HELD
    ]
    if not mine:
        return []
    first = people[mine[0].candidate.contact]
    asking.insert_invitations(
        conn,
        child,
        mine,
        wave=first.wave,
        domain=ports.mail_from.rpartition("@")[2],
        language_of=plan_in(conn, child).language_of,
        asked_at=now,
        due=now,
        send_by=min(now + ports.limits.send_by, first.expires_at),
        expires_at=first.expires_at,
        open_for=OPEN_FOR,
        of_invitations=[people[one.candidate.contact].invitation for one in mine],
    )
    return mine


def _child_in(conn: Connection, one: FollowUp, of: Distribution, now: datetime) -> Distribution:
    """The distribution of the round's mails, made when the first person's time has come.

    Its cause is the round and its activation is empty: an incident's ledger and caps count invitations alone.
    """
    known = store.find_follow_up(conn, one.tenant, one.id)
    found = find_distribution(conn, one.tenant, known.child) if known and known.child else None
    if found is not None:
        return found
    made = Distribution(
        tenant=of.tenant,
        id=new_id(Prefix.DISTRIBUTION),
        survey=of.survey,
        version=of.version,
        workflow=of.workflow,
        task=of.task,
        cause=one.id,
        activation="",
        name=of.name,
        state=DistributionState.RUNNING,
        link_type=LinkType.INDIVIDUAL,
        list_id=of.list_id,
        language=of.language,
        message=one.message,
        priority=of.priority + 1,  # invitations go first
        expected=0,
        taken=0,
        shared_link=secrets.token_hex(16),
        confirmed_by="",
        created_at=now,
        kind=one.kind,
        parent=of.id,
        embedded=of.embedded,
    )
    asking.insert_distribution(conn, made)
    store.update_follow_up(conn, one.tenant, one.id, {"child": made.id})
    return made


def _look_again(conn: Connection, one: FollowUp, now: datetime) -> None:
    known = store.find_follow_up(conn, one.tenant, one.id)
    of = find_distribution(conn, one.tenant, one.distribution)
    if known is None or known.state is FollowUpState.ENDED:
        return
    if of is None or of.state is DistributionState.CANCELLED:
        store.end_follow_up(conn, one.tenant, one.id)
        return
    look_at = decide_next_look(one, *store.find_horizon(conn, one, of, now), now)
    if look_at is None:
        store.end_follow_up(conn, one.tenant, one.id)
    else:
        store.update_follow_up(conn, one.tenant, one.id, {"look_at": look_at})
