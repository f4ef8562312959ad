"""Names as other tools write them."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from opulse.monitoring.sources.models import KEY_LENGTH

_PORT = re.compile(r"^(?P<host>[^:\[\]]+|\[[^\]]+\]):\d{1,5}$")


def host_of(written: str) -> str:
    """The host of ``host``, ``host:9100``, ``[::1]:9100``, ``::1`` or ``https://host:8443/path``."""
    text = written.strip()
    if "://" in text:
        try:
            return urlsplit(text).hostname or ""
        except ValueError:
            return text
    found = _PORT.match(text)
    return (found["host"] if found else text).strip("[]")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a list with commas, blanks around them gone."""
    return tuple(word for part in text.split(",") if (word := part.strip()))


def severities_of(text: str) -> dict[str, int]:
    """``critical=8, warning=5`` → casefolded word → severity.

    Raises:
        ValueError: a part is not of the form, or a severity is not 1 to 10.
    """
    found = {}
    for part in words_of(text):
        word, sign, number = part.partition("=")
        if not sign or not number.strip().isdecimal() or not 1 <= int(number) <= 10:
            raise ValueError(f"{part!r} is not of the form word=severity, with a severity from 1 to 10")
        found[word.strip().casefold()] = int(number)
    return found


def hashed_key(*parts: str) -> str:
    """A key of 64 characters for what a tool gives no short name."""
    return hashlib.sha256(
        "\n".join(f"{len(part)} {part}" for part in parts).encode("utf-8", "replace")
    ).hexdigest()


def bounded(key: str) -> str:
    """The tool's own key, or its hash where it is too long."""
    return key if len(key) <= KEY_LENGTH else hashed_key(key)
