"""Say that mails bounced, in the unit that wrote it: one job for all that were refused at this moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from opulse.experience.distributions.models import InvitationState, Settlement
from opulse.experience.distributions.models.states import MailReason
from opulse.jobs import enqueue
from opulse.wire.identifiers import random_text

MAIL_BOUNCED = "mail.bounced"
"""Job {event, invitations}: the relay, or a mail that came back, said that these addresses take no mail."""


def announce_bounces_in(
    conn: Connection, tenant: int, outcomes: Sequence[tuple[str, Settlement]], written: Collection[str]
) -> None:
    """Of the outcomes that were written: those that a relay refused for good. What could not be written never left."""
    known = set(written)
    refused = [
        one.id
        for _, one in outcomes
        if one.state is InvitationState.REFUSED
        and one.reason != MailReason.NOT_WRITABLE.value
        and one.id in known
    ]
    if refused:
        announce_refused_in(conn, tenant, refused)


def announce_refused_in(conn: Connection, tenant: int, ids: Sequence[str]) -> None:
    """The addresses of these invitations take no mail: the relay said so at once, or a mail that came back did."""
    enqueue(conn, tenant, MAIL_BOUNCED, {"event": random_text(15), "invitations": list(ids)}, priority=6)
