"""How contacts, lists and moments are spelled: one contact in three ways, a moment too (qualtrics-api.md 1.6, 1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from opulse.experience.directory.models import Contact, MailingList
from opulse.wire.identifiers import Prefix


class ContactListed(TypedDict):
    contactId: str
    firstName: str | None
    lastName: str | None
    email: str | None
    phone: str | None
    extRef: str | None
    language: str | None
    unsubscribed: bool
    embeddedData: NotRequired[dict[str, str]]


class MemberListed(ContactListed):
    mailingListUnsubscribed: bool
    contactLookupId: str


class ListMembership(TypedDict):
    contactLookupId: str
    name: str
    unsubscribed: bool
    unsubscribeDate: int | None
    ownerId: str | None


class SegmentMembership(TypedDict):
    contactLookupId: str
    ownerId: str | None
    unsubscribed: bool
    unsubscribedDate: int | None
    name: str


class ContactShown(TypedDict):
    contactId: str
    creationDate: int
    lastModified: int
    firstName: str | None
    lastName: str | None
    email: str | None
    emailDomain: str | None
    phone: str | None
    extRef: str | None
    embeddedData: dict[str, str]
    language: str | None
    skipped: bool
    directoryUnsubscribed: bool
    directoryUnsubscribeDate: int | None
    stats: dict[str, str]
    segmentMembership: dict[str, SegmentMembership]
    mailingListMembership: dict[str, ListMembership]


class ListShown(TypedDict):
    mailingListId: str
    name: str
    ownerId: str | None
    creationDate: int
    lastModifiedDate: int
    contactCount: int


def in_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else in_ms(moment)


def lookup_id(contact: str) -> str:
    """The id of a contact's place on a list, 19 characters. Together with the list it names the contact, as senders send it."""
    return f"{Prefix.CONTACT_IN_LIST.value}_{contact.partition('_')[2]}"


def contact_id(text: str) -> str:
    """A contact's own id from that or its lookup id."""
    prefix, _, rest = text.partition("_")
    return f"{Prefix.CONTACT.value}_{rest}" if prefix == Prefix.CONTACT_IN_LIST else text


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Embedded data as the API has it: texts alone."""
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_text(one) for one in value)
    return str(value)


def contact_listed(one: Contact, *, embedded: Mapping[str, Any] | None = None) -> ContactListed:
    """As lists show it; ``embedded``: with this embedded data."""
    told: ContactListed = {
        "contactId": one.id,
        "firstName": one.first_name or None,
        "lastName": one.last_name or None,
        "email": one.email or None,
        "phone": one.phone or None,
        "extRef": one.ext_ref or None,
        "language": one.language or None,
        "unsubscribed": one.unsubscribed,
    }
    if embedded is not None:
        told["embeddedData"] = texts(embedded)
    return told


def member_listed(one: Contact, left: bool, *, embedded: Mapping[str, Any] | None = None) -> MemberListed:
    """As a mailing list shows it; ``left``: opted out of this list."""
    return {
        **contact_listed(one, embedded=embedded),
        "mailingListUnsubscribed": left,
        "contactLookupId": lookup_id(one.id),
    }


def list_shown(one: MailingList, owner: str | None) -> ListShown:
    """A list, in milliseconds. We keep no moment of its last change: it is that of its making."""
    return {
        "mailingListId": one.id,
        "name": one.name,
        "ownerId": owner,
        "creationDate": in_ms(one.created_at),
        "lastModifiedDate": in_ms(one.refreshed_at or one.created_at),
        "contactCount": one.members,
    }
