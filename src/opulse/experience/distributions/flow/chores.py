"""What time does to invitations, done by the sender each second or when something was committed: leases, deadlines, holds."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.db import wake
from opulse.experience.directory import views as directory
from opulse.experience.distributions.flow.planning import count_used, decide_in, plan_in
from opulse.experience.distributions.models import MAIL_DUE, InvitationState
from opulse.experience.distributions.store import asking
from opulse.experience.distributions.store import chores as store
from opulse.observe import get_logger
from opulse.ports import Ports
from opulse.tenancy import get_tenant

log = get_logger("distributions")


async def do_chores(ports: Ports) -> bool:
    """One round of what is due of all chores, each at most 2,000 rows. True when something changed: come again."""
    now = ports.clock.now()
    chores = await ports.db.read(store.find_chores, now)
    done = 0
    if chores.leases:
        done += await _end_leases(ports)
    if chores.late:
        done += await ports.db.write(store.end_late, now)
    if chores.holds:
        done += await _end_holds(ports)
    if chores.leftovers:
        done += await ports.db.write(store.cancel_leftovers)
    if chores.finished:
        done += await ports.db.write(store.finish_distributions)
    return done > 0


async def end_all_claims(ports: Ports) -> None:
    """No claim is held by anybody: only for a sender that is alone on its database, before it starts."""
    await ports.db.write(store.end_all_claims)


async def _end_leases(ports: Ports) -> int:
    ended = await ports.db.write(store.end_leases, ports.clock.now())
    if ended:
        log.warning("mails were being sent by a process that is gone: unknown, resent once", mails=ended)
    return ended


async def _end_holds(ports: Ports) -> int:
    """Decide again about people who were held: the other pulse is over for them, or somebody said yes."""
    ended = await ports.db.read(store.list_ended_holds, ports.clock.now())
    done = 0
    for hold in ended:
        done += await ports.db.write(_end_hold, ports, hold)
    return done


def _end_hold(conn: Connection, ports: Ports, hold: store.EndedHold) -> int:
    now = ports.clock.now()
    siblings = asking.lock_distributions(conn, hold.tenant, hold.cause)
    current = next(one for one in siblings if one.id == hold.distribution)
    directory.lock_contacts(conn, hold.tenant, hold.contacts)
    slots = asking.count_slots(conn, hold.tenant, [current.id])
    too_many = slots > get_tenant(conn, hold.tenant).confirm_above
    decisions = decide_in(
        conn,
        plan_in(conn, current),
        current,
        count_used(conn, siblings) - len(hold.contacts),
        hold.contacts,
        now,
        must_confirm=too_many and not current.confirmed_by,
        held_again=True,
    )
    if any(one.state in (InvitationState.QUEUED, InvitationState.OFFERED) for one in decisions):
        asking.add_taken(conn, hold.tenant, current.id, 0)  # they were counted when they were held
        wake(conn, MAIL_DUE)
    return store.update_held(conn, hold.tenant, current.id, decisions, now)
