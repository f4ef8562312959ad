"""What a reader of foreign bytes raises."""

from __future__ import annotations


class UnreadableBody(ValueError):
    """Bytes that are not what the agreement says; the message says why, in words for the sender, and repeats none of
    the bytes.
    """


class CutShort(UnreadableBody):
    """JSON that began and did not end: the connection or a proxy cut it. Asked for once more it may be whole."""


def broke_off(body: bytes) -> bool:
    """Whether bytes that are no JSON look like the beginning of some (or are none at all), and not like a page or a text."""
    return body.lstrip()[:1] in (b"", b"{", b"[")
