"""The Signed Secret of a webhook: ``x-lakeside-hmac-sha256`` = Base64(HMAC-SHA256(secret, raw body)).

Neither a time nor a nonce is signed, so a replayed request verifies: the receiver tells repeats apart by ``eventId``.
"""

from __future__ import annotations

import base64
import hmac

SIGNATURE_HEADER = "x-lakeside-hmac-sha256"
NEXT_SIGNATURE_HEADER = "x-lakeside-hmac-sha256-next"
"""Ours, only while one secret replaces another: what the other header will be made with, so that a receiver can try it."""


def sign_lakeside(secret: str, body: bytes) -> str:
    """The header's value for exactly these bytes."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode("ascii")


def verify_lakeside(secret: str, body: bytes, signature: str) -> bool:
    """Whether ``signature`` belongs to ``body``: compared case-sensitively and in constant time, before any parsing."""
    return hmac.compare_digest(
        sign_lakeside(secret, body).encode(), signature.strip().encode("utf-8", "replace")
    )
