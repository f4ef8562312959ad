"""What a brand holds: contacts, lists, imports, tokens; and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

CREATE_FIELDS: Final = frozenset(
    {"firstName", "lastName", "email", "phone", "extRef", "embeddedData", "language", "unsubscribed"}
)
"""What a contact may be made of; anything else is refused."""
IMPORT_FIELDS: Final = (CREATE_FIELDS - {"phone"}) | {"transactionData"}
MOST_FOUND: Final = 10_000
"""Contacts that a search goes through; beyond it the product answers 400."""


class Refused(Exception):
    """The answer is an error envelope."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Contact:
    """One contact of the directory. Texts are empty where the product says null."""

    id: str
    created_at: datetime
    modified_at: datetime
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    ext_ref: str = ""
    language: str = ""
    unsubscribed: bool = False
    embedded: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, str] = field(default_factory=dict)
    """Mailing list → the contact's id in it."""


@dataclass
class MailingList:
    """One mailing list of the directory."""

    id: str
    name: str
    made_at: datetime
    members: dict[str, None] = field(default_factory=dict)
    """Contact ids, in the order in which they came."""


@dataclass
class Import:
    """A bulk import: taken at once, told as in progress for the first looks."""

    id: str
    list_id: str
    rows: list[dict[str, Any]]
    invalid: list[str] = field(default_factory=list)
    looks: int = 0
    added: int = 0
    updated: int = 0
    failed: int = 0
    is_done: bool = False


@dataclass(frozen=True)
class Criteria:
    """What makes two contacts of the directory the same in an import."""

    email: bool = True
    ext_ref: bool = True

    def key(self, email: str, ext_ref: str) -> tuple[str, str] | None:
        """The key of a contact; None: nothing to compare, so it is like no other."""
        made = (email.strip().lower() if self.email else "", ext_ref.strip().lower() if self.ext_ref else "")
        return made if any(made) else None
