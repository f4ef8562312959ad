"""What the sink keeps: one .eml file per mail in a folder, so that it is there after a restart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opulse.mail.inbox.reading import InboxMessage, InboxSummary, envelope_head, read_message, read_summary

_HEAD_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of the inbox, newest first, and how many mails match in all."""

    total: int
    messages: tuple[InboxSummary, ...]


class Mailbox:
    """A folder of mails, numbered in the order of arrival. Summaries are read when first asked for, then remembered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob("*.part"):
            unfinished.unlink()
        self._numbers = sorted(int(path.stem) for path in folder.glob("*.eml") if path.stem.isdecimal())
        self._summaries: dict[int, InboxSummary] = {}

    @property
    def accepted(self) -> int:
        """How many mails were ever taken."""
        return len(self._numbers)

    def keep(self, mail_from: str, rcpt_to: str, received: datetime, content: bytes) -> int:
        """Writes one mail and gives its number. When this returns, the mail survives the process."""
        number = self._numbers[-1] + 1 if self._numbers else 1
        part = self._path(number).with_suffix(".part")
        part.write_bytes(envelope_head(mail_from, rcpt_to, received) + content)
        part.rename(self._path(number))
        self._numbers.append(number)
        return number

    def list_messages(self, limit: int = 50, offset: int = 0, search: str = "") -> MessagePage:
        """Newest first; ``search`` is looked for in addresses and subject, without regard to case."""
        newest_first = self._numbers[::-1]
        wanted = search.strip().casefold()
        if not wanted:
            page = newest_first[offset : offset + limit]
            return MessagePage(len(newest_first), tuple(self._summary(number) for number in page))
        found = [summary for number in newest_first if wanted in _searched(summary := self._summary(number))]
        return MessagePage(len(found), tuple(found[offset : offset + limit]))

    def get_message(self, number: int) -> InboxMessage | None:
        """Mail ``number`` in full; None where there is none."""
        raw = self.raw(number)
        return None if raw is None else read_message(number, raw)

    def raw(self, number: int) -> bytes | None:
        """The file of mail ``number``: the sink's three lines, then the bytes as received."""
        path = self._path(number)
        return path.read_bytes() if path.exists() else None

    def copies(self) -> Counter[str]:
        """How often each Message-ID arrived: above 1, somebody got a second copy."""
        return Counter(self._summary(number).message_id for number in self._numbers)

    def _summary(self, number: int) -> InboxSummary:
        if number not in self._summaries:
            with self._path(number).open("rb") as file:
                self._summaries[number] = read_summary(number, file.read(_HEAD_BYTES))
        return self._summaries[number]

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:09d}.eml"


def _searched(summary: InboxSummary) -> str:
    return f"{summary.rcpt_to}\n{summary.to}\n{summary.from_}\n{summary.subject}".casefold()
