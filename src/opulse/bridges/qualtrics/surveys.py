"""Sending a survey of a real Qualtrics to the people of a mailing list of ours, and looking what became of it.

Nothing here is safe to repeat but the looks: ``POST`` of a list or a distribution makes one more each time. Look first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from opulse.bridges.qualtrics.client import QualtricsClient
from opulse.bridges.qualtrics.models import FoundDistribution, QualtricsRefused, SurveyMail
from opulse.bridges.qualtrics.reading import (
    check_done,
    read_distributions,
    read_id,
    read_lists,
    read_members,
)
from opulse.bridges.qualtrics.rules import base_url

T = TypeVar("T")

MEMBERS_A_PAGE: Final = 500
_MOST_PAGES: Final = 200


@dataclass(frozen=True)
class SurveyCalls:
    """Calls of one account. Every method raises ``QualtricsBusy`` and ``QualtricsRefused``."""

    client: QualtricsClient

    async def find_lists(self, directory: str, name: str) -> list[str]:
        """Mailing lists of exactly this name, the lowest id first."""
        url = f"{self.client.directory_url(directory)}/mailinglists?pageSize=100"
        return sorted(await self._pages(url, lambda body: read_lists(body, name)))

    async def create_list(self, directory: str, name: str) -> str:
        """One more mailing list; its id."""
        url = f"{self.client.directory_url(directory)}/mailinglists"
        return self.client.read(await self.client.send("POST", url, {"name": name}), read_id)

    async def list_members(self, directory: str, list_id: str) -> list[str]:
        """The ids of the contacts on a mailing list."""
        base = f"{self.client.directory_url(directory)}/mailinglists/{quote(list_id, safe='')}/contacts"
        return await self._pages(f"{base}?pageSize={MEMBERS_A_PAGE}", read_members)

    async def find_distributions(self, survey: str, list_id: str) -> list[FoundDistribution]:
        """The survey's distributions to a mailing list, the oldest first."""
        asked = urlencode({"surveyId": survey, "mailingListId": list_id, "pageSize": 100})
        found = await self._pages(f"{self._distributions()}?{asked}", read_distributions)
        return sorted(found, key=lambda one: (one.created, one.id))

    async def send_to_list(self, mail: SurveyMail, list_id: str, send_at: datetime) -> str:
        """One more distribution: a link of their own for everybody who is on the list at ``send_at`` (UTC); its id."""
        header = {"fromEmail": mail.from_email, "fromName": mail.from_name, "subject": mail.subject}
        if mail.reply_to:
            header["replyToEmail"] = mail.reply_to
        body: dict[str, Any] = {
            "message": {"messageText": mail.message},
            "recipients": {"mailingListId": list_id},
            "header": header,
            "surveyLink": {"surveyId": mail.survey, "type": "Individual"},
            "sendDate": f"{send_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        return self.client.read(await self.client.send("POST", self._distributions(), body), read_id)

    async def cancel(self, distribution: str) -> None:
        """Take a distribution back before its date; one that is not there is taken back already."""
        try:
            answer = await self.client.send(
                "DELETE", f"{self._distributions()}/{quote(distribution, safe='')}"
            )
        except QualtricsRefused as refused:
            if refused.status != 404:
                raise
        else:
            self.client.read(answer, check_done)

    def _distributions(self) -> str:
        return f"{base_url(self.client.account.place)}/API/v3/distributions"

    async def _pages(self, url: str, read: Callable[[bytes], tuple[list[T], str | None]]) -> list[T]:
        found: list[T] = []
        follow: str | None = url
        for _ in range(_MOST_PAGES):
            if follow is None:
                return found
            rows, follow = self.client.read(await self.client.send("GET", follow), read)
            found += rows
        raise QualtricsRefused(0, f"Qualtrics answers with more than {_MOST_PAGES} pages", is_total=True)
