"""The brand's state, in memory, and what changes it. Knows no HTTP."""

from __future__ import annotations

import random
import string
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from opulse.clock import Clock
from opulse.emulators.qualtrics.checks import checked_contact, is_address
from opulse.emulators.qualtrics.models import Contact, Criteria, Import, MailingList, Refused

_LETTERS: Final = string.digits + string.ascii_letters
_TOKEN_LIFE: Final = timedelta(seconds=3600)
_LOOKS: Final = 2
"""How often an import is told as in progress before it is carried out."""
_NAMES: Final = {
    "firstName": "first_name",
    "lastName": "last_name",
    "email": "email",
    "phone": "phone",
    "extRef": "ext_ref",
    "language": "language",
}


class Brand:
    """One brand with one directory and one mailing list. The seed decides every id, so a rehearsal can be repeated."""

    def __init__(self, clock: Clock, seed: int, criteria: Criteria = Criteria()) -> None:  # noqa: B008  (frozen)
        self._clock = clock
        self._dice = random.Random(f"qualtrics/{seed}")  # noqa: S311  (repeatable ids, no secret)
        self.criteria = criteria
        self.directory = self.make_id("POOL_")
        self.user = self.make_id("UR_")
        self.api_token = self._letters(40)
        self.client_id = self._letters(32).lower()
        self.client_secret = self._letters(64)
        self.contacts: dict[str, Contact] = {}
        self.lists: dict[str, MailingList] = {}
        self.imports: dict[str, Import] = {}
        self._bearers: dict[str, datetime] = {}
        self._by_email: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._by_ext_ref: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._by_lookup: dict[str, str] = {}
        self.first_list = self.make_list("Everybody").id

    def make_id(self, prefix: str) -> str:
        """``prefix`` and 15 characters, as the product makes them."""
        return prefix + self._letters(15)

    def issue_bearer(self) -> str:
        """A token good for an hour."""
        token = self._letters(36)
        self._bearers[token] = self._clock.now() + _TOKEN_LIFE
        return token

    def is_bearer(self, token: str) -> bool:
        return self._bearers.get(token, self._clock.now()) > self._clock.now()

    def make_list(self, name: str) -> MailingList:
        made = MailingList(self.make_id("CG_"), name, self._clock.now())
        self.lists[made.id] = made
        return made

    def list_of(self, list_id: str) -> MailingList:
        if list_id not in self.lists:
            raise Refused(404, "Mailing List not found", "PACC_6")
        return self.lists[list_id]

    def contact_of(self, contact_id: str) -> Contact:
        if contact_id not in self.contacts:
            raise Refused(404, f"{contact_id} not found", "ESSG_2")
        return self.contacts[contact_id]

    def create(self, fields: Mapping[str, Any]) -> Contact:
        """Make a contact, a second one too where one like it is there: only an import looks for it."""
        now = self._clock.now()
        made = Contact(self.make_id("CID_"), now, now)
        self.contacts[made.id] = made
        self.change(made, fields)
        return made

    def change(self, contact: Contact, fields: Mapping[str, Any]) -> None:
        """Write what is given; embedded data is merged by key."""
        self._unindex(contact)
        for name, attribute in _NAMES.items():
            if name in fields:
                setattr(contact, attribute, fields[name] or "")
        if "unsubscribed" in fields:
            contact.unsubscribed = bool(fields["unsubscribed"])
        contact.embedded |= fields.get("embeddedData") or {}
        contact.modified_at = self._clock.now()
        self._index(contact)

    def delete(self, contact_id: str) -> None:
        contact = self.contact_of(contact_id)
        self._unindex(contact)
        for list_id in contact.lookups:
            self.lists[list_id].members.pop(contact_id, None)
        del self.contacts[contact_id]

    def join(self, contact: Contact, list_id: str) -> str:
        """Put a contact on a list; its id there, the same one if it is on it already."""
        self.list_of(list_id).members[contact.id] = None
        lookup = contact.lookups.setdefault(list_id, self.make_id("CGC_"))
        self._by_lookup[lookup] = contact.id
        return lookup

    def with_lookup(self, lookup: str) -> str:
        """The contact with this id on a list."""
        found = self._by_lookup.get(lookup, "")
        if found not in self.contacts or lookup not in self.contacts[found].lookups.values():
            raise Refused(404, f"{lookup} not found", "ESSG_2")
        return found

    def delete_list(self, list_id: str) -> None:
        """Take a mailing list away; its contacts stay in the directory."""
        for contact in self.list_of(list_id).members:
            self.contacts[contact].lookups.pop(list_id, None)
        del self.lists[list_id]

    def with_email(self, email: str) -> Iterator[str]:
        yield from self._by_email.get(email.strip().lower(), {})

    def with_ext_ref(self, ext_ref: str) -> Iterator[str]:
        yield from self._by_ext_ref.get(ext_ref.strip().lower(), {})

    def begin_import(self, list_id: str, rows: list[dict[str, Any]]) -> Import:
        self.list_of(list_id)
        self.finish_imports()
        made = Import(self.make_id("PGRS_"), list_id, rows)
        self.imports[made.id] = made
        return made

    def look_at_import(self, list_id: str, import_id: str) -> Import:
        """Its progress; looking brings it on, and the second look finds it done."""
        found = self.imports.get(import_id)
        if found is None or found.list_id != list_id:
            raise Refused(404, f"{import_id} not found", "ESSG_2")
        found.looks += 1
        if found.looks >= _LOOKS and not found.is_done:
            self._carry_out(found)
        return found

    def finish_imports(self) -> None:
        """Carry out what waits, also the imports that nobody asks after."""
        for job in self.imports.values():
            if not job.is_done:
                self._carry_out(job)

    def _carry_out(self, job: Import) -> None:
        for row in job.rows:
            try:
                fields = checked_contact({key: row[key] for key in row if key != "transactionData"})
            except Refused:
                job.failed += 1
                continue
            email = str(fields.get("email") or "")
            if email and not is_address(email):
                job.invalid.append(email)
                job.failed += 1
                continue
            contact = self._like(email, str(fields.get("extRef") or ""))
            if contact is None:
                contact, job.added = self.create(fields), job.added + 1
            else:
                self.change(contact, fields)
                job.updated += 1
            self.join(contact, job.list_id)
        job.is_done = True

    def _like(self, email: str, ext_ref: str) -> Contact | None:
        """The contact that the directory's criteria call the same."""
        key = self.criteria.key(email, ext_ref)
        if key is None:
            return None
        candidates = self.with_email(email) if key[0] else self.with_ext_ref(ext_ref)
        for one in candidates:
            contact = self.contacts[one]
            if self.criteria.key(contact.email, contact.ext_ref) == key:
                return contact
        return None

    def _index(self, contact: Contact) -> None:
        if contact.email:
            self._by_email[contact.email.strip().lower()][contact.id] = None
        if contact.ext_ref:
            self._by_ext_ref[contact.ext_ref.strip().lower()][contact.id] = None

    def _unindex(self, contact: Contact) -> None:
        self._by_email[contact.email.strip().lower()].pop(contact.id, None)
        self._by_ext_ref[contact.ext_ref.strip().lower()].pop(contact.id, None)

    def _letters(self, count: int) -> str:
        return "".join(self._dice.choices(_LETTERS, k=count))
