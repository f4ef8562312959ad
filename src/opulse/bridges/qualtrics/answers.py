"""What was answered to a survey of a real Qualtrics: whose response is finished, what it says, and what the survey asked.

Nothing here changes anything there, so every call may be repeated.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from opulse.bridges.qualtrics.answers_read import (
    ExportState,
    read_export,
    read_export_id,
    read_finished,
    read_lines,
    read_stats,
    read_survey,
)
from opulse.bridges.qualtrics.client import QualtricsClient
from opulse.bridges.qualtrics.models import (
    ExportedAnswer,
    FinishedAnswer,
    FoundSurvey,
    QualtricsRefused,
)
from opulse.bridges.qualtrics.reading import Unreadable
from opulse.bridges.qualtrics.rules import base_url

T = TypeVar("T")

_MOST_PAGES: Final = 1_000
_MOST_BYTES: Final = 100_000_000
"""Of a file after it was unpacked."""


@dataclass(frozen=True)
class AnswerCalls:
    """Calls of one account. Every method raises ``QualtricsBusy`` and ``QualtricsRefused``."""

    client: QualtricsClient

    async def read_survey(self, survey: str) -> FoundSurvey:
        """Its questions with their choices."""
        return self.client.read(await self.client.send("GET", self._survey(survey)), read_survey)

    async def count_finished(self, survey: str, distribution: str) -> int:
        """How many people of a distribution have finished."""
        asked = urlencode({"surveyId": survey})
        url = f"{self._api()}/distributions/{quote(distribution, safe='')}?{asked}"
        return self.client.read(await self.client.send("GET", url), read_stats)

    async def list_finished(self, distribution: str) -> list[FinishedAnswer]:
        """Who of a distribution has finished, and by which response."""
        follow: str | None = f"{self._api()}/distributions/{quote(distribution, safe='')}/history"
        found: list[FinishedAnswer] = []
        for _ in range(_MOST_PAGES):
            if follow is None:
                return found
            rows, follow = self.client.read(await self.client.send("GET", follow), read_finished)
            found += rows
        raise QualtricsRefused(0, f"Qualtrics answers with more than {_MOST_PAGES} pages", is_total=True)

    async def begin_export(self, survey: str, since: datetime, most: int) -> str:
        """Ask for a file of responses recorded since then (UTC), the oldest first; the id by which it is asked after.

        Without names, addresses and embedded data: whose a response is, is known.
        """
        body: dict[str, Any] = {
            "format": "ndjson",
            "compress": True,
            "startDate": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "limit": most,
            "surveyMetadataIds": ["recordedDate"],
            "embeddedDataIds": [],
        }
        url = f"{self._survey(survey)}/export-responses"
        return self.client.read(await self.client.send("POST", url, body), read_export_id)

    async def export_state(self, survey: str, export: str) -> ExportState:
        """How far the file is."""
        url = f"{self._survey(survey)}/export-responses/{quote(export, safe='')}"
        return self.client.read(await self.client.send("GET", url), read_export)

    async def download(self, survey: str, file: str) -> list[ExportedAnswer]:
        """The responses of a file."""
        url = f"{self._survey(survey)}/export-responses/{quote(file, safe='')}/file"
        return self.client.read(await self.client.send("GET", url), _unpacked(read_lines))

    def _api(self) -> str:
        return f"{base_url(self.client.account.place)}/API/v3"

    def _survey(self, survey: str) -> str:
        return f"{self._api()}/surveys/{quote(survey, safe='')}"


def _unpacked(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Read the one file of a zip."""

    def unpack(body: bytes) -> T:
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                [member] = archive.infolist()
                with archive.open(member) as file:
                    content = file.read(_MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
            raise Unreadable(f"no zip with one file: {error}") from error
        if len(content) > _MOST_BYTES:
            raise Unreadable(f"a file of more than {_MOST_BYTES:,} bytes")
        return read(content)

    return unpack
