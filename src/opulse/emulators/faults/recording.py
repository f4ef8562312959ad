"""The log of an emulator: one JSON line for every request and its answer, and what went wrong with it on purpose.

Passwords, keys and tokens never reach it: of their headers and form fields only the name is kept.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import parse_qsl, urlencode

import msgspec

HIDDEN: Final = "(hidden)"
_SECRET_HEADERS: Final = frozenset(
    {"authorization", "systrack-api-key", "x-api-token", "cookie", "set-cookie"}
)
_SECRET_FIELDS: Final = frozenset({"password", "client_secret", "refresh_token", "assertion"})
_SECRET_JSON: Final = re.compile(
    r'("(?:access_token|refresh_token|id_token|password|client_secret|sharedKey)"\s*:\s*)"[^"]*"?'
)
_BODY_CHARACTERS: Final = 20_000
_KEPT: Final = 10_000


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer."""

    number: int
    at: str
    """RFC 3339, UTC: when the request came, or was sent."""
    direction: str
    """``in``: asked of the emulator; ``out``: sent by it (a webhook)."""
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int
    """0: no answer came."""
    answer: str
    faults: list[str]
    """Words of ``--faults``, sorted."""
    seconds: float


class Recorder:
    """Writes exchanges to a file as they end, and keeps the newest in memory for whoever asks."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path is not None else None
        self.kept: deque[Exchange] = deque(maxlen=_KEPT)
        self.faults: Counter[str] = Counter()
        """How often each fault was put in, over the whole run."""
        self.statuses: Counter[int] = Counter()

    def record(self, exchange: Exchange) -> None:
        """Keep one exchange; its secrets are hidden first, a long body is cut."""
        clean = _clean(exchange)
        self.kept.append(clean)
        self.faults.update(clean.faults)
        self.statuses[clean.status] += 1
        if self._file is not None:
            self._file.write(msgspec.json.encode(clean).decode() + "\n")
            self._file.flush()  # whoever reads it along, or after a crash, sees every line

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_log(path: Path) -> Iterator[Exchange]:
    """The exchanges of a log file, in the order in which they ended."""
    with path.open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=Exchange)


def _clean(exchange: Exchange) -> Exchange:
    is_form = exchange.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return msgspec.structs.replace(
        exchange,
        headers=_without_secrets(exchange.headers),
        body=_shorter(_form(exchange.body) if is_form else _SECRET_JSON.sub(rf'\1"{HIDDEN}"', exchange.body)),
        answer=_shorter(_SECRET_JSON.sub(rf'\1"{HIDDEN}"', exchange.answer)),
    )


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: HIDDEN if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}


def _form(body: str) -> str:
    pairs = parse_qsl(body, keep_blank_values=True)
    return urlencode(
        [(name, HIDDEN if name in _SECRET_FIELDS else value) for name, value in pairs], safe="()"
    )


def _shorter(text: str) -> str:
    if len(text) <= _BODY_CHARACTERS:
        return text
    return f"{text[:_BODY_CHARACTERS]} ... ({len(text)} characters)"
