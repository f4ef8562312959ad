"""End sessions, and ask for the password once more: what a signed-in person does about their own access."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.people import begin_try_in, change_password, prove_again
from opulse.tenancy.models import SignInRefusal
from opulse.tenancy.store import people as store
from opulse.web.roles import Caller


async def end_session(ports: Ports, tenant: int, person: str, session: str, actor: str) -> bool:
    """Sign one browser out. False when the person has no such session."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        done = store.delete_session(conn, tenant, person, session)
        if done:
            audit_in(conn, tenant, actor, "session.ended", person, {"session": session}, None, now)
        return done

    return await ports.db.write(unit)


async def end_sessions(ports: Ports, tenant: int, person: str, actor: str) -> None:
    """Sign the person out everywhere."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        store.delete_sessions(conn, tenant, person)
        audit_in(conn, tenant, actor, "session.ended", person, {"session": "all"}, None, now)

    await ports.db.write(unit)


async def prove(ports: Ports, caller: Caller, password: str) -> SignInRefusal | None:
    """Ask for the caller's password once more; None when it was right.

    Wrong tries count as failed sign-ins do, so that a session left open is no place to guess a password.
    """
    if not await ports.db.write(begin_try_in, caller.name, ports.clock.now()):
        return SignInRefusal.TOO_MANY
    if not await prove_again(ports, caller.tenant, caller.user_id, caller.session_id, password):
        return SignInRefusal.WRONG
    await ports.db.write(store.forget_failures, caller.name)
    return None


async def change_own_password(
    ports: Ports, caller: Caller, current: str, password: str
) -> SignInRefusal | None:
    """Replace the caller's password; every session ends, this one too. None when it was done.

    Raises:
        ValueError: the new password is too short.
    """
    refused = await prove(ports, caller, current)
    if refused is None:
        await change_password(ports, caller.tenant, caller.user_id, password, caller.name)
    return refused
