"""What a preview carries in its own form, because nothing of it is stored: answers so far and pages sent, signed."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import NamedTuple

from opulse.experience.surveys.models import Answers

_DOMAIN = b"opulse preview carried 1\0"
MOST = 400_000
"""Characters that are read back; the answers of the longest survey take less."""


class Carried(NamedTuple):
    """A walk that lives in its form alone."""

    answers: Answers
    sent: tuple[str, ...]


def pack(key: bytes, survey: str, carried: Carried) -> str:
    """The text of the form's hidden field."""
    body = base64.urlsafe_b64encode(json.dumps([carried.answers, carried.sent]).encode()).decode()
    return f"{body}.{_digest(key, survey, body)}"


def unpack(key: bytes, survey: str, text: str) -> Carried:
    """What was carried; nothing when the text is absent, forged or another survey's: the walk begins anew."""
    body, _, digest = text[:MOST].rpartition(".")
    if not body or not hmac.compare_digest(digest.encode(), _digest(key, survey, body).encode()):
        return Carried({}, ())
    try:
        answers, sent = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, binascii.Error):
        return Carried({}, ())
    return Carried(answers, tuple(sent))


def _digest(key: bytes, survey: str, body: str) -> str:
    return hmac.new(key, _DOMAIN + f"{survey}\0{body}".encode(), "sha256").hexdigest()[:32]
