"""Named sets of a directory's contacts: lists that people fill, segments that a rule fills, samples that are frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opulse.web.roles import Caller, Role

SEGMENTS_MAX = 50
"""Segments of one directory (the product: 20, on request 50)."""


class ListKind(StrEnum):
    """How a set of contacts gets its members."""

    LIST = "list"  # by hand, by files, by tasks
    SEGMENT = "segment"  # by a rule, which is asked again; it has no opt-out of its own
    SAMPLE = "sample"  # drawn once from a list or a segment


@dataclass(frozen=True)
class MailingList:
    """A named set of a directory's contacts."""

    id: str  # CG_…
    directory: str
    name: str
    created_at: datetime
    members: int = 0
    kind: ListKind = ListKind.LIST
    owner: str = ""  # id of the person whose it is; empty: everybody's
    rule: str = ""  # of a segment
    source: str = ""  # of a sample: the list or segment that it was drawn from
    refreshed_at: datetime | None = None  # of a segment: when its rule was last asked
    expires_at: datetime | None = None  # of a sample


@dataclass(frozen=True, slots=True)
class ListShare:
    """A person who may see a list that is another's, and perhaps change it."""

    person: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at lists: a person by id, or somebody who sees all of them (administrators, machines' keys).

    ``sees_ruled``: segments and samples too; who is on one can tell who was asked and has answered, which viewers are not told.
    """

    person: str
    sees_all: bool = False
    sees_ruled: bool = True


def viewer_of(caller: Caller) -> Viewer:
    """Administrators and keys see every list, other people what is everybody's, theirs or shared with them."""
    return Viewer(
        caller.user_id,
        sees_all=caller.may(Role.ADMIN) or not caller.user_id,
        sees_ruled=caller.may(Role.EDITOR, Role.INTEGRATION),
    )


EVERYTHING = Viewer("", sees_all=True)
"""Our own work, which no person asked for."""


class ListRefused(ValueError):
    """A list cannot be made or changed so; the message says why."""


CONTACTS_MERGED = "contacts.merged"
"""Job {survivor, others}: contacts turned out to be one person; what points at the others points at the survivor from now on."""

MERGE_FIELDS = ("ext_ref", "email", "phone", "first_name", "last_name")
"""Fields that may identify a person (qualtrics-product.md 2.3)."""

MERGE_RULES_MAX = 3


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Contacts that a merge rule takes for one person, the oldest first. ``values``: what they have in common, by field."""

    values: tuple[str, ...]
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Something that happened to a contact, at a time of its own."""

    id: str  # CTR_…
    contact: str
    at: datetime
    data: dict[str, object]
    batch: str


@dataclass(frozen=True, slots=True)
class TransactionBatch:
    """Transactions that were taken together; those that were deleted since are not in it."""

    id: str  # BT_…
    taken_at: datetime
    transactions: int
    first_at: datetime
    last_at: datetime
