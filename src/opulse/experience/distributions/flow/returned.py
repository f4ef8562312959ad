"""Mails that came back: what each makes of its invitation, and of the address.

The recipient address of a bounce names the invitation and is signed (VERP); of a complaint, the mail inside it does. Nothing else
in such a mail is believed: it may be written by anybody, and it may say anything about the one mail that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.experience.distributions.flow.bouncing import announce_refused_in
from opulse.experience.distributions.models import (
    InvitationState,
    MailReason,
    ReturnedMail,
    SpareReason,
    Suppression,
)
from opulse.experience.distributions.store import returning as store
from opulse.mail.inbound import Taken, Takes
from opulse.mail.reports import BounceCategory, MailReport, ReportKind, read_report
from opulse.mail.verp import Verp, VerpFault
from opulse.observe import get_logger
from opulse.observe.metrics import MAILS
from opulse.ports import Ports
from opulse.tenancy import audit_in, list_tenants
from opulse.wire.tokens import LinkPurpose

COMPLAINTS = "complaints"
"""The mailbox for the complaints that mail providers send to the address registered with them (feedback loops)."""

THE_MAIL = "a mail that came back"

log = get_logger("distributions.returned")


class Returned:
    """Takes mails that came back. One per process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._domain = ports.mail_from.rpartition("@")[2]
        self._verp = Verp(self._domain, (ports.digest_key,))

    @property
    def takes(self) -> Takes:
        """What the door asks."""
        return Takes(self.is_ours, self.take)

    def is_ours(self, address: str) -> bool:
        """Whether this is an address that we gave out, or the one for complaints. No query is needed for it."""
        return self._is_for_complaints(address) or not isinstance(self._verp.decode(address), VerpFault)

    async def take(self, sender: str, recipient: str, mail: bytes) -> Taken:
        """Read it, and write down what it says. LATER: its own outcome is not written down yet."""
        report = read_report(mail, null_sender=not sender)
        if report.kind is ReportKind.OTHER:
            return Taken.NOTHING
        names = self._named_in(report) if self._is_for_complaints(recipient) else [self._named_by(recipient)]
        for name in filter(None, names):
            taken = await self._ports.db.write_first(
                Priority.OTHER, _take_in, name, report, self._ports.clock.now()
            )
            if taken is not Taken.NOTHING:
                MAILS.labels("returned", report.kind.value).inc()
                log.info("a mail came back", kind=report.kind.value, status=report.status, invitation=name)
                return taken
        return Taken.NOTHING

    def _is_for_complaints(self, address: str) -> bool:
        return address.strip("<>").lower() == f"{COMPLAINTS}@{self._domain}".lower()

    def _named_by(self, address: str) -> str:
        reference = self._verp.decode(address)
        return "" if isinstance(reference, VerpFault) else reference.hex()

    def _named_in(self, report: MailReport) -> Iterable[str]:
        """A complaint names the mail by its envelope sender; providers that leave that out leave the unsubscribe link in."""
        if name := self._named_by(report.original_sender):
            yield name
        for link in report.links:
            token = link.partition("/u/")[2].partition("?")[0]
            read = self._ports.links.read(LinkPurpose.UNSUBSCRIBE, token) if token else None
            if read is not None:
                yield read[1].hex()


def _take_in(conn: Connection, invitation: str, report: MailReport, now: datetime) -> Taken:
    tenants = [tenant.id for tenant in list_tenants(conn)]
    mailed = store.find_mailed(conn, tenants, invitation)
    if mailed is None:
        return Taken.NOTHING  # erased, or of an installation that shares our key
    if mailed.state == InvitationState.SENDING.value:
        return (
            Taken.LATER
        )  # the relay was quicker than our own books: else *accepted* would be written over it
    new = store.insert_returned(
        conn,
        ReturnedMail(
            mailed.tenant,
            invitation,
            report.kind,
            report.category,
            report.status,
            report.text,
            report.reporter,
            now,
        ),
    )
    if new:
        _mark_in(conn, mailed.tenant, invitation, report)
        if reason := _why_suppress(report):
            _suppress_in(
                conn,
                Suppression(
                    mailed.tenant, mailed.email_key, reason, mailed.contact, invitation, report.text, now
                ),
            )
    return Taken.KEPT


def _mark_in(conn: Connection, tenant: int, invitation: str, report: MailReport) -> None:
    """What the report makes of the invitation; workflows hear of a hard bounce, as they do when the relay itself refuses."""
    if report.kind is ReportKind.COMPLAINT:
        store.mark_complaint(conn, tenant, invitation)
    elif report.kind in (ReportKind.HARD_BOUNCE, ReportKind.SOFT_BOUNCE):
        words = f"{report.status} {report.text}".strip()
        reason = MailReason(report.kind.value)
        marked = store.mark_returned(conn, tenant, invitation, reason, words, _code_of(report))
        if marked and report.kind is ReportKind.HARD_BOUNCE:
            announce_refused_in(conn, tenant, [invitation])


def _code_of(report: MailReport) -> int:
    """The SMTP code that the diagnosis begins with; 0: it has none."""
    found = re.match(r"\s*([45]\d\d)\b", report.text)
    return int(found.group(1)) if found else 0


def _why_suppress(report: MailReport) -> SpareReason | None:
    """A hard bounce about the *address*, or a complaint."""
    if report.kind is ReportKind.COMPLAINT:
        return SpareReason.COMPLAINED
    hard = report.kind is ReportKind.HARD_BOUNCE
    return SpareReason.BOUNCED_BEFORE if hard and report.category is not BounceCategory.SENDER else None


def _suppress_in(conn: Connection, one: Suppression) -> None:
    if store.suppress(conn, [one]):
        after = {"reason": one.reason.value, "invitation": one.invitation}
        audit_in(conn, one.tenant, THE_MAIL, "contact.suppressed", one.contact, None, after, one.at)
