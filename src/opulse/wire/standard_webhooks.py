"""A webhook's proof as Standard Webhooks describes it (https://www.standardwebhooks.com, its scheme ``v1``).

``webhook-signature`` is ``v1,`` and Base64(HMAC-SHA256(key, id.timestamp.body)); several of them stand apart by a space, so that
two secrets hold while one replaces the other. ``webhook-id`` is the same on every attempt, the time is each attempt's own: a
request that was listened to cannot be sent again an hour later.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURES_HEADER: Final = "webhook-signature"
BEGINNING: Final = "whsec_"
TOLERANCE_SECONDS: Final = 300
"""How far a receiver lets the time of a request lie from its own, either way."""

_KEY_BYTES: Final = range(24, 65)
_NEW_KEY_BYTES: Final = 32
_VERSION: Final = "v1"


def new_standard_secret() -> str:
    """256 random bits, written as the scheme wants it."""
    return BEGINNING + base64.b64encode(secrets.token_bytes(_NEW_KEY_BYTES)).decode("ascii")


def read_standard_secret(secret: str) -> bytes:
    """The key that the text stands for.

    Raises:
        ValueError: it is not ``whsec_`` and the Base64 of 24 to 64 bytes.
    """
    if not secret.startswith(BEGINNING):
        raise ValueError(f"the secret does not begin with {BEGINNING}")
    try:
        key = base64.b64decode(secret.removeprefix(BEGINNING), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"what follows {BEGINNING} is not Base64") from error
    if len(key) not in _KEY_BYTES:
        raise ValueError(f"the secret stands for {len(key)} bytes; 24 to 64 are right")
    return key


def sign_standard(given: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for exactly these bytes at this time, one signature per secret, in their order.

    Raises:
        ValueError: a secret is none (see :func:`read_standard_secret`).
    """
    timestamp = str(int(at.timestamp()))
    signed = (_signature(read_standard_secret(secret), message_id, timestamp, body) for secret in given)
    return {ID_HEADER: message_id, TIMESTAMP_HEADER: timestamp, SIGNATURES_HEADER: " ".join(signed)}


def verify_standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether one of the signatures is this secret's and the time is near. ``headers``: names in lower case."""
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = _signature(read_standard_secret(secret), headers.get(ID_HEADER, ""), timestamp, body)
    found = [
        hmac.compare_digest(expected.encode(), one.encode("utf-8", "replace"))
        for one in headers.get(SIGNATURES_HEADER, "").split(" ")
    ]
    return any(found)


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body
    return f"{_VERSION},{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode('ascii')}"
