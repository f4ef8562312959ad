"""What a reader of foreign bytes raises."""

from __future__ import annotations


class UnreadableBody(ValueError):
    """Bytes that are not what the agreement says; the message says why, in words for the sender, and repeats none of
    the bytes.
    """
