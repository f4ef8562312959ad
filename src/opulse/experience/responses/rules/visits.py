"""Whose way through a survey this is: a key that a browser keeps, and the seed that chance is drawn from."""

from __future__ import annotations

import hmac
import re
import secrets

_VISIT = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})", re.ASCII)


def new_visit(key: bytes, link: str) -> str:
    """A key for the browser of somebody without a link of their own; it names nobody and opens nothing but this walk."""
    visit = secrets.token_hex(16)
    return f"{visit}.{_digest(key, 'visit', link, visit)}"


def read_visit(key: bytes, link: str, given: str) -> str:
    """The session that a browser's key stands for; empty when the key is absent, forged or another link's."""
    found = _VISIT.fullmatch(given)
    if found is None or not hmac.compare_digest(found[2], _digest(key, "visit", link, found[1])):
        return ""
    return f"visit {_digest(key, 'session', link, found[1])}"


def seed_of(key: bytes, session: str) -> str:
    """What chance is drawn from: the same for a session, and not to be guessed from its id."""
    return _digest(key, "seed", session, "")


def _digest(key: bytes, purpose: str, link: str, visit: str) -> str:
    said = f"opulse {purpose} 1\0{link}\0{visit}".encode()
    return hmac.new(key, said, "sha256").hexdigest()[:32]
