"""What a relay says: bytes in, replies out (RFC 5321 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opulse.mail.models import OutcomeReason

_LINE = re.compile(rb"([2-5][0-9]{2})([ -]?)(.*)")
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its code and the words of its lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one, at most 500 characters."""
        return " ".join(self.lines)[:500]

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


class SessionBroken(Exception):
    """The connection is of no more use; ``code`` and ``text`` are the relay's, where it said something."""

    def __init__(self, reason: OutcomeReason, text: str = "", code: int | None = None) -> None:
        super().__init__(f"{reason.value}: {text}" if text else reason.value)
        self.reason = reason
        self.text = text
        self.code = code


class ReplyParser:
    """Cuts the relay's bytes into replies. Raises SessionBroken (BAD_REPLY) for what is not SMTP or has no end."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that ``data`` completes, in order."""
        self._buffer += data
        replies = []
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            reply = self._line(line)
            if reply is not None:
                replies.append(reply)
        if len(self._buffer) + self._size > _MOST_BYTES:
            raise SessionBroken(OutcomeReason.BAD_REPLY, "the reply has no end")
        return replies

    @property
    def pending(self) -> bool:
        """Whether part of a reply is waiting for its rest."""
        return bool(self._buffer or self._lines)

    def _line(self, line: bytes) -> Reply | None:
        match = _LINE.fullmatch(line)
        if match is None:
            raise SessionBroken(OutcomeReason.BAD_REPLY, line[:80].decode("utf-8", "replace"))
        self._lines.append(match.group(3).decode("utf-8", "replace"))
        self._size += len(line)
        if match.group(2) == b"-":
            return None
        reply = Reply(int(match.group(1)), tuple(self._lines))
        self._lines, self._size = [], 0
        return reply
