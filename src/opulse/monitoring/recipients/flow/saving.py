"""Make, change and delete recipients. Changing one never dismisses an activation (systrack.md 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection

from opulse.monitoring.recipients import store
from opulse.monitoring.recipients.flow.secrets import generate_secret, hide_secrets, open_secrets, seal
from opulse.monitoring.recipients.models import (
    Recipient,
    RecipientDraft,
    RecipientFault,
    RecipientInUse,
    RecipientProblem,
    RecipientRefused,
    Webhook,
)
from opulse.monitoring.recipients.rules import check_draft, keep_secrets
from opulse.outbound import AddressReason, AddressRefused
from opulse.ports import Ports, SecretBox
from opulse.tenancy import audit_in

REFUSED_WORDS: Final[dict[AddressReason, str]] = {
    AddressReason.MALFORMED: "it is not an http or https address",
    AddressReason.NOT_HTTPS: "it must begin with https://",
    AddressReason.USER_INFO: "it carries a user name or password",
    AddressReason.ODD_NOTATION: "its host is a number written in an unusual way",
    AddressReason.LOOPBACK: "it leads to this machine",
    AddressReason.PRIVATE: "it leads to a private network, which an administrator has to allow",
    AddressReason.LINK_LOCAL: "it leads to this machine's own wire",
    AddressReason.MULTICAST: "it leads to a group of machines",
    AddressReason.RESERVED: "it leads to a reserved range",
}


@dataclass(frozen=True)
class SavedRecipient:
    """``generated_secret`` is shown once, here; empty: none was made."""

    recipient: Recipient
    generated_secret: str = ""


async def create_recipient(ports: Ports, tenant: int, actor: str, draft: RecipientDraft) -> SavedRecipient:
    """*Add Recipient*. A Signed Secret without a secret gets a generated one.

    Raises:
        RecipientRefused: with everything to mend.
    """
    draft, generated = _with_generated_secret(draft)
    saved = await ports.db.write(create_recipient_in, ports, tenant, actor, draft)
    return SavedRecipient(saved, generated)


def create_recipient_in(
    conn: Connection, ports: Ports, tenant: int, actor: str, draft: RecipientDraft
) -> Recipient:
    """:func:`create_recipient` inside another unit; every secret was typed."""
    recipient, now = str(uuid4()), ports.clock.now()
    refuse_forbidden_address(ports, draft.webhook)
    _refuse_faulty(conn, tenant, draft, besides="")
    store.insert_recipient(conn, tenant, recipient, _sealed(draft, ports.secrets), now)
    return _saved_in(conn, tenant, recipient, actor, "recipient.created", None, now)


async def change_recipient(
    ports: Ports, tenant: int, actor: str, recipient: str, draft: RecipientDraft
) -> SavedRecipient | None:
    """Save the form again; secrets that it leaves empty are kept. None: no such recipient.

    Raises:
        RecipientRefused: with everything to mend.
    """
    return await ports.db.write(change_recipient_in, ports, tenant, actor, recipient, draft)


def change_recipient_in(
    conn: Connection, ports: Ports, tenant: int, actor: str, recipient: str, draft: RecipientDraft
) -> SavedRecipient | None:
    """:func:`change_recipient` inside another unit."""
    now = ports.clock.now()
    before = store.find_recipient(conn, tenant, recipient, lock=True)
    if before is None:
        return None
    kept = with_kept_secrets(draft, before, ports.secrets)
    refuse_forbidden_address(ports, kept.webhook)
    complete, generated = _with_generated_secret(kept)
    _refuse_faulty(conn, tenant, complete, besides=recipient)
    store.update_recipient(conn, tenant, recipient, _sealed(complete, ports.secrets), now)
    saved = _saved_in(conn, tenant, recipient, actor, "recipient.changed", before, now)
    return SavedRecipient(saved, generated)


async def delete_recipient(ports: Ports, tenant: int, actor: str, recipient: str) -> bool:
    """False: no such recipient.

    Raises:
        RecipientInUse: notifications tell it; take it off them first.
    """
    return await ports.db.write(delete_recipient_in, tenant, actor, recipient, ports.clock.now())


def delete_recipient_in(conn: Connection, tenant: int, actor: str, recipient: str, now: datetime) -> bool:
    """:func:`delete_recipient` inside another unit."""
    found = store.find_recipient(conn, tenant, recipient)
    if found is None:
        return False
    if found.assigned:
        raise RecipientInUse(found.assigned)
    store.delete_recipient(conn, tenant, recipient)
    audit_in(conn, tenant, actor, "recipient.deleted", found.name, describe(found), None, now)
    return True


async def find_recipient(ports: Ports, tenant: int, recipient: str) -> Recipient | None:
    """As people may see it: every secret is None."""
    found = await ports.db.read(store.find_recipient, tenant, recipient)
    return hide_secrets(found) if found else None


def find_recipient_in(conn: Connection, tenant: int, recipient: str) -> Recipient | None:
    """The same inside the caller's unit."""
    found = store.find_recipient(conn, tenant, recipient)
    return hide_secrets(found) if found else None


async def list_recipients(ports: Ports, tenant: int) -> list[Recipient]:
    """By name, as people may see them."""
    return await ports.db.read(list_recipients_in, tenant)


def list_recipients_in(conn: Connection, tenant: int) -> list[Recipient]:
    """The same inside the caller's unit."""
    return [hide_secrets(found) for found in store.list_recipients(conn, tenant)]


def find_for_sending_in(conn: Connection, tenant: int, recipient: str, box: SecretBox) -> Recipient | None:
    """With its secrets in the clear; only for whoever sends."""
    found = store.find_recipient(conn, tenant, recipient)
    return open_secrets(found, box) if found else None


def with_kept_secrets(draft: RecipientDraft, stored: Recipient, box: SecretBox) -> RecipientDraft:
    """The draft with the secrets that its form left empty, in the clear."""
    if draft.webhook is None:
        return draft
    return replace(draft, webhook=keep_secrets(draft.webhook, open_secrets(stored, box).webhook))


def describe(recipient: Recipient) -> dict[str, Any]:
    """For the audit trail: what changed, without any secret."""
    document: dict[str, Any] = {
        "name": recipient.name,
        "type": recipient.recipient_type.value,
        "connection": recipient.channel.value,
        "email": recipient.email,
    }
    webhook = recipient.webhook
    if webhook is not None:
        document |= {
            "url": webhook.url_shown,
            "method": webhook.method.value,
            "authentication": webhook.authentication.type.value,
            "headers": [header.name for header in webhook.headers],
            "values": [value.name for value in webhook.values],
            "body": webhook.body,
            "end_body": webhook.end_body,
        }
    return document


def _with_generated_secret(draft: RecipientDraft) -> tuple[RecipientDraft, str]:
    if draft.webhook is None:
        return draft, ""
    webhook, generated = generate_secret(draft.webhook)
    return replace(draft, webhook=webhook), generated


def _refuse_faulty(conn: Connection, tenant: int, draft: RecipientDraft, *, besides: str) -> None:
    taken = store.is_webhook_name_taken(conn, tenant, draft.name, besides)
    problems = check_draft(draft, name_taken=taken)
    if problems:
        raise RecipientRefused(problems)


def _sealed(draft: RecipientDraft, box: SecretBox) -> RecipientDraft:
    return replace(draft, webhook=seal(draft.webhook, box) if draft.webhook else None)


def _saved_in(
    conn: Connection,
    tenant: int,
    recipient: str,
    actor: str,
    action: str,
    before: Recipient | None,
    now: datetime,
) -> Recipient:
    saved = store.find_recipient(conn, tenant, recipient)
    assert saved is not None
    was = describe(before) if before else None
    audit_in(conn, tenant, actor, action, saved.name, was, describe(saved), now)
    return hide_secrets(saved)


def refuse_forbidden_address(ports: Ports, webhook: Webhook | None) -> None:
    """Ask the outbound guard on save, so that nobody learns in an incident that a host is never called.

    Raises:
        RecipientRefused: the guard refuses the address.
    """
    if webhook is None:
        return
    try:
        ports.http.check(webhook.url)
    except AddressRefused as refused:
        text = f"This installation does not call that address: {REFUSED_WORDS[refused.reason]}."
        problem = RecipientProblem("url", RecipientFault.URL_INVALID, text)
        raise RecipientRefused((problem,)) from refused
