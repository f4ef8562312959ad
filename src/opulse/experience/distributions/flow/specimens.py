"""A mail as it would be: to look at before it is sent, and to send to oneself. Neither asks anybody or counts for a rule."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

from sqlalchemy import Connection

from opulse.experience.distributions.flow.letters import message_parts
from opulse.experience.distributions.flow.planning import draft_in
from opulse.experience.distributions.flow.sender_domains import signer_in
from opulse.experience.distributions.models import (
    AskRequest,
    Distribution,
    DistributionKind,
    MessageSpec,
)
from opulse.experience.distributions.rules import incident_code, slot_names
from opulse.experience.distributions.store.records import find_distribution, list_invitations
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.models import SurveyDocument
from opulse.mail.addresses import wire_address
from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import Envelope, MessageRefused, Outcome, OutcomeState
from opulse.mail.slots import cut
from opulse.mail.smtp import send_one
from opulse.ports import Ports
from opulse.tenancy import audit_in, get_tenant
from opulse.wire.tokens import LinkPurpose

SAMPLE = {
    "first_name": "Alex",
    "last_name": "Sample",
    "name": "Alex Sample",
    "email": "alex.sample@example.org",
}
_DARK = "@media (prefers-color-scheme: dark)"


class NotSent(ValueError):
    """The test mail did not leave; the message says why."""


@dataclass(frozen=True)
class Specimen:
    """One mail, with a made-up person's values. ``languages`` are those of the survey."""

    subject: str
    html: str
    text: str
    language: str
    languages: tuple[str, ...]

    @property
    def dark(self) -> str:
        """The HTML as a mail program with a dark look shows it, whatever the look of this browser."""
        return self.html.replace(_DARK, "@media all")


@dataclass(frozen=True)
class _Source:
    """What a specimen is made from."""

    distribution: Distribution
    document: SurveyDocument
    code: str
    link: str


async def show_specimen(ports: Ports, tenant: int, distribution: str, language: str = "") -> Specimen:
    """A mail of a distribution. Raises LookupError (none), MessageRefused (it cannot be written)."""
    return _specimen(ports, await ports.db.read(_source_in, ports, tenant, distribution), language)


async def draft_specimen(
    ports: Ports, tenant: int, survey: str, message: MessageSpec, kind: DistributionKind, language: str = ""
) -> Specimen:
    """A mail before there is a distribution. Raises LookupError (no such survey), MessageRefused."""
    return _specimen(ports, await ports.db.read(_draft_in, ports, tenant, survey, message, kind), language)


async def send_test(
    ports: Ports, tenant: int, distribution: str, address: str, actor: str, language: str = ""
) -> Outcome:
    """A mail of the distribution to one address, its subject marked. Raises LookupError, or NotSent with the reason."""
    source = await ports.db.read(_source_in, ports, tenant, distribution)
    return await _send(ports, tenant, source, address.strip(), actor, language)


async def send_draft_test(
    ports: Ports,
    tenant: int,
    survey: str,
    message: MessageSpec,
    kind: DistributionKind,
    address: str,
    actor: str,
    language: str = "",
) -> Outcome:
    """The same before there is a distribution."""
    source = await ports.db.read(_draft_in, ports, tenant, survey, message, kind)
    return await _send(ports, tenant, source, address.strip(), actor, language)


async def _send(
    ports: Ports, tenant: int, source: _Source, address: str, actor: str, language: str
) -> Outcome:
    relay = ports.relay()
    if relay is None:
        raise NotSent("no mail relay is set (OPULSE_SMTP_HOST)")
    try:
        if not (await ports.db.read(get_tenant, tenant)).lets_mail_reach(wire_address(address).lower()):
            raise NotSent("mail is not open to everybody, and this address is not on the allow list")
        parts = _parts(ports, source, language)
        parts = replace(parts, subject=f"[Test] {parts.subject}")
        values = {**_values(ports, source), "email": address}
        data = build_frame(parts).render(values)
    except MessageRefused as refused:
        raise NotSent(f"the mail cannot be written: {refused}") from refused
    signer = await ports.db.read(signer_in, ports, tenant, parts.from_address)
    data = data if signer is None else signer.sign(data)
    outcome = await send_one(relay, Envelope("test", ports.mail_from, address, data))
    after = {"to": address, "outcome": outcome.state.value}
    what, now = source.distribution.id, ports.clock.now()
    await ports.db.write(
        lambda conn: audit_in(conn, tenant, actor, "distribution.test_sent", what, None, after, now)
    )
    if outcome.state is not OutcomeState.ACCEPTED:
        words = f"{outcome.code or ''} {outcome.text}".strip() or outcome.reason.value
        raise NotSent(f"the relay did not take it: {words}")
    return outcome


def _source_in(conn: Connection, ports: Ports, tenant: int, distribution: str) -> _Source:
    found = find_distribution(conn, tenant, distribution)
    if found is None:
        raise LookupError(distribution)
    parent = find_distribution(conn, tenant, found.parent) if found.parent else None
    first = list_invitations(conn, tenant, (parent or found).id, limit=1)
    link = ports.public_url
    if first:  # a preview link shows the questions and keeps nothing
        token = ports.links.issue(LinkPurpose.PREVIEW, tenant, bytes.fromhex(first[0].id))
        link = f"{ports.public_url}/s/{token}"
    document = get_version_in(conn, tenant, found.survey, found.version).document
    return _Source(found, document, incident_code((parent or found).cause), link)


def _draft_in(
    conn: Connection, ports: Ports, tenant: int, survey: str, message: MessageSpec, kind: DistributionKind
) -> _Source:
    request = AskRequest(tenant, "", "preview", "", "", 1, survey, message=message)
    draft = replace(draft_in(conn, request, ports.clock.now()), kind=kind)
    document = get_version_in(conn, tenant, survey, draft.version).document
    return _Source(draft, document, incident_code("preview"), ports.public_url)


def _specimen(ports: Ports, source: _Source, language: str) -> Specimen:
    parts, values = _parts(ports, source, language), _values(ports, source)
    shown = {name: escape(value) for name, value in values.items()}
    build_frame(parts)  # refuses what could not be sent
    return Specimen(
        subject=cut(parts.subject).fill(values),
        html=cut(parts.html).fill(shown),
        text=cut(parts.text).fill(values),
        language=parts.language,
        languages=tuple(source.document.languages),
    )


def _parts(ports: Ports, source: _Source, language: str) -> MessageParts:
    wanted = language or source.document.languages[0]
    found = source.distribution
    return message_parts(ports.mail_from, found, source.document, source.code, wanted, named=True)


def _values(ports: Ports, source: _Source) -> Mapping[str, str]:
    """A made-up person; of further pipes their names, so that one sees where they stand."""
    further = {
        slot: f"({key.rpartition('/')[2]})" for key, slot in slot_names(source.distribution.message).items()
    }
    domain = ports.mail_from.rpartition("@")[2]
    return {
        **further,
        **SAMPLE,
        "survey_link": source.link,
        "unsubscribe_link": f"{ports.public_url}/u/preview",
        "message_id": f"{secrets.token_hex(16)}@{domain}",
        "date": mail_date(ports.clock.now()),
    }
