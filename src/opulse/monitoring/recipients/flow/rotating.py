"""A new secret while the old one still holds, so that neither side has to change at the same moment as the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.jobs import enqueue
from opulse.monitoring.recipients import store
from opulse.monitoring.recipients.flow.saving import SavedRecipient
from opulse.monitoring.recipients.flow.secrets import hide_secrets, new_secret
from opulse.monitoring.recipients.models import Recipient, RecipientRefused, Webhook
from opulse.monitoring.recipients.rules import check_rotation
from opulse.ports import Ports
from opulse.tenancy import audit_in

OVERLAP_OVER = "recipient.overlap_over"
"""Job ``{"recipient"}``, due when the old secret ends: it is erased then. Signing looks at the time, not at this job."""


async def rotate_secret(
    ports: Ports, tenant: int, actor: str, recipient: str, overlap: timedelta
) -> SavedRecipient | None:
    """A new secret, shown once in the answer; the old one signs too for ``overlap``. None: no such recipient.

    Raises:
        RecipientRefused: it signs nothing, or the last rotation still runs.
    """
    now = ports.clock.now()
    until = now + overlap

    def unit(conn: Connection) -> SavedRecipient | None:
        found = store.find_recipient(conn, tenant, recipient, lock=True)
        if found is None:
            return None
        webhook = found.webhook
        if problems := check_rotation(webhook.authentication if webhook else None, overlap, now):
            raise RecipientRefused(problems)
        assert webhook is not None
        secret = new_secret(webhook.authentication.type)
        rotated = _rotated(webhook, ports.secrets.seal(secret), until)
        store.store_webhook(conn, tenant, recipient, rotated, now)
        enqueue(conn, tenant, OVERLAP_OVER, {"recipient": recipient}, run_at=until)
        change = {"valid": "one"}, {"valid": "two", "overlap_until": until.isoformat()}
        audit_in(conn, tenant, actor, "recipient.secret_rotated", found.name, *change, now)
        return SavedRecipient(_found_in(conn, tenant, recipient), secret)

    return await ports.db.write(unit)


async def end_overlap(ports: Ports, tenant: int, actor: str, recipient: str) -> Recipient | None:
    """The old secret ends now, because the receiver has the new one. None: no such recipient."""
    now = ports.clock.now()

    def unit(conn: Connection) -> Recipient | None:
        found = store.find_recipient(conn, tenant, recipient, lock=True)
        if found is None:
            return None
        if found.webhook is not None and found.webhook.authentication.previous_until is not None:
            store.store_webhook(conn, tenant, recipient, _without_old(found.webhook), now)
            until = found.webhook.authentication.previous_until
            change = {"valid": "two", "overlap_until": until.isoformat()}, {"valid": "one"}
            audit_in(conn, tenant, actor, "recipient.old_secret_ended", found.name, *change, now)
        return _found_in(conn, tenant, recipient)

    return await ports.db.write(unit)


def erase_old_secret_in(conn: Connection, tenant: int, recipient: str, now: datetime) -> None:
    """Its time is over; a later rotation's is not."""
    found = store.find_recipient(conn, tenant, recipient, lock=True)
    if found is None or found.webhook is None:
        return
    proof = found.webhook.authentication
    if proof.previous_until is not None and not proof.overlaps(now):
        store.store_webhook(conn, tenant, recipient, _without_old(found.webhook), now)


def _rotated(webhook: Webhook, sealed: str, until: datetime) -> Webhook:
    proof = webhook.authentication
    return replace(
        webhook,
        authentication=replace(proof, secret=sealed, previous=proof.secret, previous_until=until),
    )


def _without_old(webhook: Webhook) -> Webhook:
    return replace(
        webhook, authentication=replace(webhook.authentication, previous=None, previous_until=None)
    )


def _found_in(conn: Connection, tenant: int, recipient: str) -> Recipient:
    found = store.find_recipient(conn, tenant, recipient)
    assert found is not None
    return hide_secrets(found)
