"""A page proves when it was served, because GET may write nothing and yet a session begun in time may finish."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_DOMAIN = b"opulse page opened 1\0"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def make_stamp(key: bytes, invitation: str, now: datetime) -> str:
    """``<milliseconds since 1970>.<digest>``: the hidden field of a page for this invitation served at ``now``."""
    opened = str((now - _EPOCH) // _MILLISECOND)
    return f"{opened}.{_digest(key, invitation, opened)}"


def read_stamp(key: bytes, invitation: str, stamp: str, now: datetime) -> datetime | None:
    """When the page was served; None when the field is absent, forged, another invitation's or from the future."""
    opened, _, digest = stamp.partition(".")
    if not (opened.isascii() and opened.isdecimal() and len(opened) <= 15 and digest.isascii()):
        return None
    if not hmac.compare_digest(digest, _digest(key, invitation, opened)):
        return None
    moment = _EPOCH + int(opened) * _MILLISECOND
    return moment if moment <= now else None


def _digest(key: bytes, invitation: str, opened: str) -> str:
    signing = _signer(key).copy()
    signing.update(f"{invitation}\0{opened}".encode())
    return signing.digest()[:16].hex()


@lru_cache(maxsize=8)
def _signer(key: bytes) -> hmac.HMAC:
    """Keyed once: every page carries a stamp."""
    return hmac.new(key, _DOMAIN, "sha256")
