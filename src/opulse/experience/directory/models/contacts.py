"""What the directory knows: contacts and the changes that happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

CONTACTS_CHANGED = "contacts.changed"

SUBSCRIPTION_CHANGED = "contact.subscription_changed"
"""Job {event, contact, list, subscribed}: somebody opted out of the directory (list empty) or of a list, or in again."""

IMPORT_RECEIVED = "contacts.import_received"
"""Job {import}: a file of contacts is here, whole; its rows wait to be taken."""

MAIN_FIELDS: Mapping[str, str] = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "ExternalDataReference": "ext_ref",
    "Phone": "phone",
    "Language": "language",
}
"""The product's names of a contact's main fields → our columns. Every other field name means embedded data."""


class ChangeKind(StrEnum):
    """What happened to the contacts of a change group."""

    CREATED = "created"  # new in the directory
    UPDATED = "updated"  # a watched or written value differs from before
    DELETED = "deleted"  # taken out of the directory


@dataclass(frozen=True)
class Directory:
    """A contact database of a tenant; one of them is the default."""

    id: str  # POOL_…
    name: str
    is_default: bool
    created_at: datetime


@dataclass(frozen=True)
class Contact:
    """One person of a directory."""

    id: str  # CID_…
    directory: str
    first_name: str
    last_name: str
    email: str
    ext_ref: str
    phone: str
    language: str
    embedded: Mapping[str, Any]
    unsubscribed: bool
    created_at: datetime
    updated_at: datetime
    time_zone: str = ""  # an IANA name; empty: that of the directory


@dataclass(frozen=True)
class Person:
    """Somebody as the other wing names them: an account name and an e-mail address, either may be empty."""

    user_id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    language: str = ""

    @property
    def key(self) -> str:
        """What makes two of them the same person: the lower-case address, else the lower-case account."""
        return self.email.strip().lower() or self.user_id.strip().lower()


@dataclass(frozen=True)
class Cause:
    """Why a change was made: which incident, which wave of it, and which workflows led here (so that none runs in a circle)."""

    activation: str = ""
    wave: int = 1
    run: str = ""
    chain: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeSet:
    """One change that many contacts had in common."""

    id: str  # CS_…
    directory: str
    cause: Cause
    patch: Mapping[str, Any]
    count: int
    at: datetime


@dataclass(frozen=True)
class ChangeGroup:
    """Members of a change set whose watched values were alike before, and therefore are alike after."""

    number: int
    kind: ChangeKind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    count: int


@dataclass(frozen=True)
class AlikeGroups:
    """Groups of a change set that have the same values of some fields: (number, members) of each."""

    kind: ChangeKind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    groups: tuple[tuple[int, int], ...]


class IncomingContact(NamedTuple):
    """A row of an import: texts without white space around them, empty where nothing is said. ``embedded`` is flat."""

    first_name: str
    last_name: str
    email: str
    ext_ref: str
    phone: str
    language: str
    time_zone: str
    unsubscribed: bool
    embedded: Mapping[str, Any]
    private: Mapping[str, Any] = {}  # data of their place on the list that the import fills


class ImportState(StrEnum):
    """Where the import of a file stands."""

    RECEIVING = "receiving"  # the file is being uploaded
    MAPPING = "mapping"  # the file is here; a person says which column goes where
    RUNNING = "running"  # the file is here; its rows are being taken, step by step
    DONE = "done"  # every row was taken or refused
    BROKEN = (
        "broken"  # the upload ended early, or nobody said for a day where its columns go: nothing was taken
    )


@dataclass(frozen=True)
class ContactImport:
    """A file on its way into a directory. ``steps`` are of at most 2,000 lines; ``rows`` counts what is taken or refused."""

    id: str  # PGRS_…
    directory: str
    list_id: str
    raise_events: bool
    actor: str
    state: ImportState
    heading: str
    steps: int
    steps_done: int
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    created_at: datetime
    updated_at: datetime
    mapping: Sequence[str] | None = None  # where each column goes; None: as its name says


@dataclass(frozen=True)
class LineRefused:
    """A row of a file that was not taken: its line (the heading is line 1), whom it names, what would mend it, its cells."""

    line: int
    who: str
    reason: str
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class RowRefused:
    """A row of an import that was not taken, by its place in the request, and what would mend it."""

    index: int
    reason: str


@dataclass(frozen=True)
class ImportResult:
    """What became of an import."""

    created: int
    updated: int
    unchanged: int
    refused: tuple[RowRefused, ...] = field(default=())


@dataclass(frozen=True)
class ContactChange:
    """A change that a contact had in common with others, and the values that they shared before and after."""

    change: ChangeSet
    group: ChangeGroup
