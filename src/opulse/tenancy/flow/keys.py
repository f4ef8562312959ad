"""Keys of machines: made, shown once, used, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection

from opulse.db import wake
from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest, make_secret
from opulse.tenancy.flow.known_keys import REVOKED
from opulse.tenancy.models import KEY_LIFE_MAX, Key, KeyKind
from opulse.tenancy.store import keys as store

_PREFIX = {KeyKind.INTEGRATION: "opi", KeyKind.GATEWAY: "opg", KeyKind.AGENT: "opa", KeyKind.SYSTEMS: "ops"}
AGENT_LIFE = timedelta(days=3650)  # an endpoint cannot renew its own key; it is revoked with its system


async def issue_key(
    ports: Ports,
    tenant: int,
    kind: KeyKind,
    name: str,
    actor: str,
    scope: Sequence[str] = (),
    life: timedelta = KEY_LIFE_MAX,
) -> tuple[Key, str]:
    """Make a key. Returns it and its secret, which can never be read again.

    Raises:
        ValueError: no name, a life above 180 days, or an agent key without exactly one system.
    """
    if not name.strip():
        raise ValueError("a key needs a name, so that somebody knows later what it was for")
    if kind is KeyKind.AGENT:
        life = AGENT_LIFE
        if len(scope) != 1:
            raise ValueError("an agent key speaks for exactly one system")
    elif not timedelta(0) < life <= KEY_LIFE_MAX:
        raise ValueError("a key lives at most 180 days")
    secret = make_secret(_PREFIX[kind])
    now = ports.clock.now()
    key = Key(
        tenant, str(uuid4()), kind, name.strip(), secret[:8], tuple(scope), now, now + life, None, False
    )

    def unit(conn: Connection) -> None:
        store.insert_key(conn, key, digest(ports.digest_key, secret))
        audit_in(
            conn, tenant, actor, "key.issued", name, None, {"kind": kind.value, "scope": list(scope)}, now
        )

    await ports.db.write(unit)
    return key, secret


async def revoke_key(ports: Ports, tenant: int, key: str, actor: str) -> bool:
    """End a key at once. False when there is none of that id."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        done = store.revoke_key(conn, tenant, key)
        if done:
            wake(conn, REVOKED)
            audit_in(conn, tenant, actor, "key.revoked", key, None, None, now)
        return done

    return await ports.db.write(unit)
