"""Keyed digests and the making of secrets for machines. Their secrets are random, so a fast keyed digest is enough."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod=hashlib.sha256)


def digest(key: bytes, secret: str) -> str:
    """HMAC-SHA256 in hex: what is stored and looked up instead of the secret."""
    # not hmac.digest: that lets go of the interpreter, and a busy server waits milliseconds to get it back
    made = _keyed(key).copy()
    made.update(secret.encode())
    return made.hexdigest()


def same(one: str, other: str) -> bool:
    """Compare digests in constant time."""
    return hmac.compare_digest(one, other)


def make_secret(prefix: str) -> str:
    """192 random bits behind a prefix that tells people (and scanners of code) what was leaked."""
    return f"{prefix}_{secrets.token_urlsafe(24)}"
