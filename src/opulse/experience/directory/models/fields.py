"""Declared fields: names that a directory's embedded data, or its transactions, use with one type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FIELD_WORK = "contacts.field_work"
"""Job {change}: a field is renamed, removed, merged into another or brought to a type, on all contacts that have it."""

FIELD_NAME_MAX = 100
FIELDS_MAX = 500
"""Declared fields of one directory."""


class FieldKind(StrEnum):
    """What the values of a declared field are. How they are kept: text, number, true or false, list of texts."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # kept as text: 2026-11-29, or 2026-11-29T08:30:00Z where the hour is told
    LIST = "list"  # of texts
    BOOLEAN = "boolean"


class FieldScope(StrEnum):
    """Whose values a declared field speaks of."""

    CONTACT = "contact"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class ContactField:
    """A declared field. Names are compared without case; values are written under the name as it is declared."""

    scope: FieldScope
    name: str
    kind: FieldKind
    created_at: datetime

    @property
    def key(self) -> str:
        return self.name.casefold()


Declared = Mapping[str, ContactField]
"""Declared fields of one scope by their key."""


class FieldAction(StrEnum):
    """What is done to a field on all contacts."""

    RENAME = "rename"  # values move to a name that nobody uses yet
    MERGE = "merge"  # values move to another field, where a contact has none there; else they are dropped
    REMOVE = "remove"  # values are dropped
    CONVERT = "convert"  # values are brought to the declared type


class FieldChangeState(StrEnum):
    """Where a change of a field on all contacts stands."""

    RUNNING = "running"  # contacts are being rewritten, 2,000 at a time
    DONE = "done"  # no contact has the old name any more, or a value of another type


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that is being changed on all contacts of a directory. ``contacts`` counts those that were rewritten."""

    id: str
    directory: str
    action: FieldAction
    field: str
    target: str  # the other name; of a conversion: the kind
    after: str  # the last contact that was looked at
    contacts: int
    state: FieldChangeState
    actor: str
    created_at: datetime
    updated_at: datetime


class FieldRefused(ValueError):
    """A field cannot be declared or changed so; the message says what to do."""
