"""Whether a recipient is told anything: switched off by its receiver's 410 or by a person, on again by a person only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.recipients import store
from opulse.monitoring.recipients.flow.secrets import hide_secrets
from opulse.monitoring.recipients.models import DisabledReason, Recipient, RecipientState
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def disable_recipient(ports: Ports, tenant: int, actor: str, recipient: str) -> Recipient | None:
    """Nothing is sent to it from now on. None: no such recipient."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Recipient | None:
        disable_in(conn, tenant, actor, recipient, DisabledReason.BY_A_PERSON, now)
        return _shown_in(conn, tenant, recipient)

    return await ports.db.write(unit)


async def enable_recipient(ports: Ports, tenant: int, actor: str, recipient: str) -> Recipient | None:
    """It is told of what happens from now on; what failed meanwhile can be sent again. None: no such recipient."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Recipient | None:
        enable_in(conn, tenant, actor, recipient, now)
        return _shown_in(conn, tenant, recipient)

    return await ports.db.write(unit)


def enable_in(conn: Connection, tenant: int, actor: str, recipient: str, now: datetime) -> None:
    """In the caller's unit. Told already, or no such recipient: nothing happens."""
    before = store.find_recipient(conn, tenant, recipient)
    if before is not None and store.enable_recipient(conn, tenant, recipient):
        reason = before.disabled_reason.value if before.disabled_reason else ""
        was = {"state": RecipientState.DISABLED.value, "reason": reason}
        after = {"state": RecipientState.ACTIVE.value}
        audit_in(conn, tenant, actor, "recipient.enabled", before.name, was, after, now)


def disable_in(
    conn: Connection, tenant: int, actor: str, recipient: str, reason: DisabledReason, now: datetime
) -> None:
    """In the caller's unit; ``actor`` is who decided it, for the audit trail. Done already: nothing happens."""
    if not store.disable_recipient(conn, tenant, recipient, reason, now):
        return
    found = store.find_recipient(conn, tenant, recipient)
    assert found is not None
    after = {"state": RecipientState.DISABLED.value, "reason": reason.value}
    audit_in(
        conn,
        tenant,
        actor,
        "recipient.disabled",
        found.name,
        {"state": RecipientState.ACTIVE.value},
        after,
        now,
    )


def _shown_in(conn: Connection, tenant: int, recipient: str) -> Recipient | None:
    found = store.find_recipient(conn, tenant, recipient)
    return hide_secrets(found) if found else None
