"""Keys of machines: made, shown once, used, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from opulse.db import wake
from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest, make_secret
from opulse.tenancy.flow.known_keys import REVOKED
from opulse.tenancy.models import KEY_LIFE_MAX, OVERLAP, OVERLAP_MAX, Key, KeyKind
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
    return await ports.db.write(issue_key_in, ports, tenant, kind, name, actor, scope, life)


def issue_key_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    kind: KeyKind,
    name: str,
    actor: str,
    scope: Sequence[str] = (),
    life: timedelta = KEY_LIFE_MAX,
) -> tuple[Key, str]:
    """:func:`issue_key` inside another unit."""
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

    store.insert_key(conn, key, digest(ports.digest_key, secret))
    audit_in(conn, tenant, actor, "key.issued", key.name, None, _shown(key), now)
    return key, secret


async def regenerate_key(
    ports: Ports, tenant: int, key: str, actor: str, overlap: timedelta = OVERLAP
) -> tuple[Key, str] | None:
    """A new key of the same name, kind and scope, and as long a life; the old one ends after ``overlap``.

    Returns the new one and its secret, which can never be read again. None: there is no such key, or it is revoked.

    Raises:
        ValueError: the overlap is negative or above 30 days.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise ValueError(f"the old key opens for 0 hours to {OVERLAP_MAX.days} days more")
    now = ports.clock.now()

    def unit(conn: Connection) -> tuple[Key, str] | None:
        old = store.find_key(conn, tenant, key)
        if old is None or old.revoked:
            return None
        secret = make_secret(_PREFIX[old.kind])
        life = old.expires_at - old.created_at
        made = replace(
            old, id=str(uuid4()), hint=secret[:8], created_at=now, expires_at=now + life, last_used=None
        )
        store.insert_key(conn, made, digest(ports.digest_key, secret))
        ends = min(old.expires_at, now + overlap)
        store.end_key_at(conn, tenant, old.id, ends)
        wake(conn, REVOKED)  # who knows the old one asks again, and learns of its end
        after = {**_shown(made), "the one before until": ends.isoformat()}
        audit_in(conn, tenant, actor, "key.regenerated", old.name, _shown(old), after, now)
        return made, secret

    return await ports.db.write(unit)


def _shown(key: Key) -> dict[str, str | list[str]]:
    """For the audit trail. ``begins``: the first characters of the secret, by which it is found again."""
    return {
        "kind": key.kind.value,
        "scope": list(key.scope),
        "begins": key.hint,
        "ends": key.expires_at.isoformat(),
    }


async def revoke_key(ports: Ports, tenant: int, key: str, actor: str) -> bool:
    """End a key at once. False when there is none of that id."""
    return await ports.db.write(revoke_key_in, tenant, key, actor, ports.clock.now())


def revoke_key_in(conn: Connection, tenant: int, key: str, actor: str, now: datetime) -> bool:
    """:func:`revoke_key` inside another unit."""
    found = store.find_key(conn, tenant, key)
    if found is None:
        return False
    store.revoke_key(conn, tenant, key)
    wake(conn, REVOKED)
    audit_in(conn, tenant, actor, "key.revoked", found.name, _shown(found), None, now)
    return True
