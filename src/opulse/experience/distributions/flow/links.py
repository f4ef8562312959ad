"""What the person behind a link may change, for the stage that shows the pages. All run inside the caller's unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import wake
from opulse.experience.directory import leave_in
from opulse.experience.distributions.models import MAIL_DUE, InvitedLink, Progress, SpareReason
from opulse.experience.distributions.store import steering as store
from opulse.experience.distributions.store.records import find_invited
from opulse.tenancy import audit_in

THE_PERSON = "the person, by the link in the mail"


def find_invitation_in(conn: Connection, tenant: int, invitation: str) -> InvitedLink | None:
    """The invitation with this id (32 hex characters), its distribution, and the contact's time zone; None: unknown.

    The id of a distribution's shared (anonymous) link gives an invitation without contact, name or address.
    """
    return find_invited(conn, tenant, invitation)


def unsubscribe_in(conn: Connection, tenant: int, invitation: str, now: datetime) -> bool:
    """The person wants no more mails: out of the list that was asked, or where none was, out of the directory.

    What still waits for this person there is not sent. Doing it again changes nothing. False: no such invitation.
    """
    found = find_invited(conn, tenant, invitation)
    if found is None or not found.invitation.contact:
        return False
    contact, list_id = found.invitation.contact, found.distribution.list_id
    where = leave_in(conn, tenant, contact, list_id, THE_PERSON, now)
    reason = SpareReason.OPTED_OUT_OF_LIST if where else SpareReason.OPTED_OUT
    store.spare_waiting(conn, tenant, contact, reason, where)
    return True


def mute_in(conn: Connection, tenant: int, invitation: str, until: datetime, now: datetime) -> bool:
    """The person wants to be left alone until ``until``. What still waits is not sent. False: no such invitation."""
    found = find_invited(conn, tenant, invitation)
    if found is None or not found.invitation.contact:
        return False
    contact = found.invitation.contact
    before = store.mute(conn, tenant, contact, until)
    store.spare_waiting(conn, tenant, contact, SpareReason.MUTED)
    audit_in(conn, tenant, THE_PERSON, "contact.muted", contact, {"until": before}, {"until": until}, now)
    return True


def note_progress_in(
    conn: Connection, tenant: int, invitation: str, progress: Progress, now: datetime
) -> None:
    """The person came so far with the survey: reminders and thank-yous go by it, and the recipient's status shows it."""
    store.note_progress(conn, tenant, invitation, progress, now)


def note_partial_in(conn: Connection, tenant: int, ids: Sequence[str], now: datetime) -> None:
    """The people behind these invitations began, and what they began is closed; who has finished meanwhile stays finished."""
    store.note_partial(conn, tenant, ids, now)


def close_in(conn: Connection, tenant: int, invitation: str, now: datetime) -> None:
    """The invitation was answered: it keeps no other pulse away from this person any more."""
    if store.close_open(conn, tenant, invitation, now):
        wake(conn, MAIL_DUE)
