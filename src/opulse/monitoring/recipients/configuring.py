"""Recipients as a part of the tenant's configuration. Where a secret is set, the words for one stand; it never does itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.recipients.flow import disabling, saving
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Channel,
    DisabledReason,
    Header,
    Recipient,
    RecipientDraft,
    RecipientInUse,
    RecipientRefused,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed
from opulse.wire.configuration import SECRET

NAME = "recipients"


class ValueEntry(Entry):
    """A header, or a variable of the body. The value of a sensitive one is a secret."""

    name: str
    value: str = ""
    sensitive: bool = False


class AuthenticationEntry(Entry):
    """``password`` and ``secret`` are secrets."""

    type: AuthenticationType = AuthenticationType.OFF
    username: str = ""
    password: str | None = None
    secret: str | None = None


class WebhookEntry(Entry):
    """The request. ``url`` is a secret where ``url_sensitive`` says so."""

    url: str
    url_sensitive: bool = False
    method: RequestMethod = RequestMethod.POST
    authentication: AuthenticationEntry = AuthenticationEntry()
    headers: tuple[ValueEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    body: str
    end_body: str = ""


class RecipientEntry(Entry):
    """``enabled``: a person has not disabled it; what a receiver's 410 did is no configuration."""

    type: RecipientType
    connection: Channel
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    tell_end: bool = False
    enabled: bool = True
    webhook: WebhookEntry | None = None


def list_keyed_in(conn: Connection, tenant: int) -> dict[str, Recipient]:
    """The recipients by the names that a document calls them: what later stages refer to."""
    return keyed((found.name, found) for found in saving.list_recipients_in(conn, tenant))


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, RecipientEntry]:
    return {key: _entry(found) for key, found in list_keyed_in(conn, tenant).items()}


def _entry(found: Recipient) -> RecipientEntry:
    return RecipientEntry(
        type=found.recipient_type,
        connection=found.channel,
        email=found.email,
        first_name=found.first_name,
        last_name=found.last_name,
        tell_end=found.tell_end,
        enabled=found.disabled_reason is not DisabledReason.BY_A_PERSON,
        webhook=_webhook_entry(found.webhook) if found.webhook else None,
    )


def _webhook_entry(webhook: Webhook) -> WebhookEntry:
    proof = webhook.authentication
    return WebhookEntry(
        url=SECRET if webhook.url_sensitive else webhook.url,
        url_sensitive=webhook.url_sensitive,
        method=webhook.method,
        authentication=AuthenticationEntry(
            type=proof.type,
            username=proof.username,
            password=SECRET if proof.type is AuthenticationType.BASIC else None,
            secret=SECRET if proof.type.signs else None,
        ),
        headers=tuple(_value_entry(header) for header in webhook.headers),
        values=tuple(_value_entry(value) for value in webhook.values),
        body=webhook.body,
        end_body=webhook.end_body,
    )


def _value_entry(given: Header | BodyValue) -> ValueEntry:
    shown = SECRET if given.sensitive and given.value is None else given.value or ""
    return ValueEntry(name=given.name, value=shown, sensitive=given.sensitive)


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = list_keyed_in(work.conn, work.tenant)
    for change in changes:
        entry: RecipientEntry = change.after
        if misplaced := list(_misplaced(entry.webhook)):
            for where, text in misplaced:
                work.refuse(NAME, change.key, text, *where)
            continue
        found = known.get(change.key)
        draft = _draft(work, change.key, found.name if found else change.key, entry)
        try:
            saved = _save_one(work, found, draft)
        except RecipientRefused as refused:
            for problem in refused.problems:
                work.refuse(NAME, change.key, problem.text, *problem.field.split("."))
            continue
        who = (work.conn, work.tenant, work.actor, saved.id)
        if not entry.enabled:
            disabling.disable_in(*who, DisabledReason.BY_A_PERSON, work.now)
        elif found is not None and found.disabled_reason is DisabledReason.BY_A_PERSON:
            disabling.enable_in(*who, work.now)


def _save_one(work: Work, found: Recipient | None, draft: RecipientDraft) -> Recipient:
    if found is None:
        return saving.create_recipient_in(work.conn, work.ports, work.tenant, work.actor, draft)
    done = saving.change_recipient_in(work.conn, work.ports, work.tenant, work.actor, found.id, draft)
    assert done is not None, "it was read in this unit"
    return done.recipient


def _draft(work: Work, key: str, name: str, entry: RecipientEntry) -> RecipientDraft:
    return RecipientDraft(
        recipient_type=entry.type,
        name=name,
        channel=entry.connection,
        email=entry.email,
        first_name=entry.first_name,
        last_name=entry.last_name,
        webhook=_webhook(work, key, entry.webhook) if entry.webhook else None,
        tell_end=entry.tell_end,
    )


def _webhook(work: Work, key: str, entry: WebhookEntry) -> Webhook:
    def typed(*where: str) -> str | None:
        return work.secret(NAME, key, "webhook", *where)

    proof = entry.authentication
    return Webhook(
        url=(typed("url") or "") if entry.url_sensitive else entry.url,
        url_sensitive=entry.url_sensitive,
        method=entry.method,
        authentication=Authentication(
            proof.type,
            proof.username,
            typed("authentication", "password"),
            typed("authentication", "secret"),
        ),
        headers=tuple(
            Header(
                one.name, typed("headers", one.name, "value") if one.sensitive else one.value, one.sensitive
            )
            for one in entry.headers
        ),
        values=tuple(
            BodyValue(
                one.name, typed("values", one.name, "value") if one.sensitive else one.value, one.sensitive
            )
            for one in entry.values
        ),
        body=entry.body,
        end_body=entry.end_body,
    )


def _misplaced(webhook: WebhookEntry | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """Places where a secret has to be and its words are not, or the other way round."""
    if webhook is None:
        return
    proof = webhook.authentication
    places = [
        (("webhook", "url"), webhook.url, webhook.url_sensitive),
        (("webhook", "authentication", "password"), proof.password, proof.type is AuthenticationType.BASIC),
        (("webhook", "authentication", "secret"), proof.secret, proof.type.signs),
    ]
    for kind, listed in (("headers", webhook.headers), ("values", webhook.values)):
        places += [(("webhook", kind, one.name, "value"), one.value, one.sensitive) for one in listed]
    for where, text, is_secret in places:
        if is_secret and text != SECRET:
            yield where, f"A secret stands in no document: write {SECRET} here, and give it when asked."
        elif not is_secret and text == SECRET:
            yield where, "There is no secret in this place."


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = list_keyed_in(work.conn, work.tenant)
    for key in keys:
        try:
            saving.delete_recipient_in(work.conn, work.tenant, work.actor, known[key].id, work.now)
        except RecipientInUse as used:
            work.refuse(NAME, key, f"It cannot be removed: it is {used}.")


SECTIONS = (Section(NAME, RecipientEntry, _read_in, _save_in, _remove_in),)
