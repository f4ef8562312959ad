"""Which pictures may be a logo: small ones of kinds that hold no script."""

from __future__ import annotations

MOST_BYTES = 60_000
_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def media_type_of(body: bytes) -> str:
    """The kind of picture by its first bytes; empty for any other. An SVG may hold a script, so it is none of them."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS if body.startswith(sign)), "")
