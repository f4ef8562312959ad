"""The calls that we make, each one request and safe to repeat as its description says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from opulse.bridges.qualtrics.asking import AGAIN, ask
from opulse.bridges.qualtrics.models import (
    FoundContact,
    ImportProgress,
    NewContact,
    QualtricsAccount,
    QualtricsBusy,
    QualtricsRefused,
)
from opulse.bridges.qualtrics.reading import (
    Unreadable,
    check_done,
    error_words,
    read_contacts,
    read_criteria,
    read_id,
    read_progress,
)
from opulse.bridges.qualtrics.rules import base_url, people_filter, same_place
from opulse.bridges.qualtrics.tokens import QualtricsTokens
from opulse.clock import Clock
from opulse.outbound import OutboundClient

T = TypeVar("T")

SEARCHED: Final = 25
"""People per search, so that the filter stays small: nobody says how large one may be."""
_MOST_PAGES: Final = 20


@dataclass(frozen=True)
class QualtricsClient:
    """One account's calls. Every method raises ``QualtricsBusy`` and ``QualtricsRefused``."""

    http: OutboundClient
    clock: Clock
    tokens: QualtricsTokens
    account: QualtricsAccount

    async def find_contacts(self, directory: str, people: Iterable[tuple[str, str]]) -> list[FoundContact]:
        """Contacts with one of these (ext_ref, email), with their embedded data. At most :data:`SEARCHED` people at once."""
        body = people_filter(people)
        if not body["filter"]["filters"]:
            return []
        url: str | None = f"{self.directory_url(directory)}/contacts/search?pageSize=100&includeEmbedded=true"
        found: list[FoundContact] = []
        for _ in range(_MOST_PAGES):
            if url is None:
                break
            rows, url = self.read(await self.send("POST", url, body), read_contacts)
            found += rows
        return found

    async def change_contact(self, directory: str, contact: str, embedded: Mapping[str, str]) -> None:
        """Write embedded data; other keys and fields stay. Twice is as once."""
        url = f"{self.directory_url(directory)}/contacts/{quote(contact, safe='')}"
        self.read(await self.send("PUT", url, {"embeddedData": dict(embedded)}), check_done)

    async def begin_import(self, directory: str, list_id: str, contacts: Iterable[NewContact]) -> str:
        """Hand contacts over in bulk; its id. Twice is as once where the directory knows what makes contacts the same."""
        body = {"contacts": [_import_row(one) for one in contacts]}
        return self.read(await self.send("POST", self._imports(directory, list_id), body), read_id)

    async def import_progress(self, directory: str, list_id: str, import_id: str) -> ImportProgress:
        """How far an import is."""
        url = f"{self._imports(directory, list_id)}/{quote(import_id, safe='')}"
        return self.read(await self.send("GET", url), read_progress)

    async def criteria(self, directory: str) -> dict[str, bool]:
        """Which of ``email`` and ``ext_ref`` make contacts of the directory the same for an import."""
        url: str | None = f"{base_url(self.account.place)}/API/v3/directories"
        for _ in range(_MOST_PAGES):
            if url is None:
                break
            found, url = self.read(await self.send("GET", url), lambda body: read_criteria(body, directory))
            if found is not None:
                return found
        raise QualtricsRefused(
            404, f"the account sees no directory {directory}: check the Directory ID", is_total=True
        )

    def directory_url(self, directory: str) -> str:
        """Where a directory's calls begin."""
        return f"{base_url(self.account.place)}/API/v3/directories/{quote(directory, safe='')}"

    def _imports(self, directory: str, list_id: str) -> str:
        return f"{self.directory_url(directory)}/mailinglists/{quote(list_id, safe='')}/transactioncontacts"

    async def send(self, method: str, url: str, body: Any = None) -> bytes:
        """One request with the account's token; the body of a good answer."""
        base = base_url(self.account.place)
        if not same_place(url, base):
            raise QualtricsRefused(
                0, f"an answer leads away from {base}; the token is not sent there", is_total=True
            )
        content = b"" if body is None else msgspec.json.encode(body)
        for fresh in (False, True):
            headers = await self.tokens.headers(self.http, self.clock, self.account, fresh=fresh)
            headers |= {"Accept": "application/json"} | (
                {"Content-Type": "application/json"} if content else {}
            )
            answer = await ask(self.http, self.clock, method, url, headers, content)
            if answer.status != 401 or not self.account.client_id:
                break
        if 200 <= answer.status < 300:
            return answer.body
        if answer.status == 401 and self.account.client_id:
            # a fresh token that ended at once: the account may be good, so come again
            raise QualtricsBusy(AGAIN, "Qualtrics ended the token", was_sent=False)
        words = error_words(answer.body)
        raise QualtricsRefused(
            answer.status,
            f"Qualtrics answered {answer.status} {words}".strip(),
            is_total=answer.status in (401, 403),
        )

    def read(self, body: bytes, read: Callable[[bytes], T]) -> T:
        """Read an answer; one that is cut off or of another form is asked for again."""
        try:
            return read(body)
        except Unreadable as error:
            raise QualtricsBusy(AGAIN, f"Qualtrics' answer cannot be read: {error}", was_sent=True) from error


def _import_row(one: NewContact) -> dict[str, Any]:
    texts = {
        "firstName": one.first_name,
        "lastName": one.last_name,
        "email": one.email,
        "extRef": one.ext_ref,
    }
    return {name: text for name, text in texts.items() if text} | {"embeddedData": dict(one.embedded)}
