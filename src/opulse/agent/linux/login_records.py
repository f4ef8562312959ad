"""The binary records of logons and starts: ``utmp``, ``wtmp`` and ``btmp`` (utmp(5), the form of glibc)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

BOOT_TIME, USER_PROCESS, DEAD_PROCESS = 2, 7, 8

_FORM = struct.Struct("<h2xi32s4s32s256shhiii16x20x")
"""Kind, process, line, id, user, host, exit status (2), session, seconds, microseconds, address, unused."""
_MOST_BYTES = _FORM.size * 20_000


class LoginRecord(NamedTuple):
    kind: int
    process: int
    line: str
    user: str
    at: datetime


def read_login_records(path: Path) -> Iterator[LoginRecord]:
    """The newest 20,000 records of the file, oldest first. Raises ``OSError``."""
    with path.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - size % _FORM.size - _MOST_BYTES))
        data = opened.read(_MOST_BYTES)
    for fields in _FORM.iter_unpack(data[: len(data) - len(data) % _FORM.size]):
        kind, process, line, _, user, *_, seconds, microseconds = fields
        at = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
        yield LoginRecord(kind, process, _text(line), _text(user), at)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
