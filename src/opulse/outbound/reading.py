"""Reading an answer's body up to a limit, compressed or not."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable
from typing import Final

from opulse.outbound.models import AnswerTooLarge, FailureReason, OutboundFailed

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_COMPRESSED: Final = frozenset({"gzip", "x-gzip", "deflate"})


async def read_body(status: int, encoding: str, stream: AsyncIterable[bytes], max_bytes: int) -> bytes:
    """The body, unpacked where it is gzip or deflate; a few packed bytes never become more than ``max_bytes`` in memory.

    We ask for no compression, but some servers compress whatever they are asked. Raises ``AnswerTooLarge``, and
    ``OutboundFailed`` (broken) where the packed bytes are damaged.
    """
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB) if encoding.strip().lower() in _COMPRESSED else None
    body = bytearray()
    async for chunk in stream:
        body += _unpacked(unpacker, chunk, max_bytes + 1 - len(body)) if unpacker is not None else chunk
        if len(body) > max_bytes:
            raise AnswerTooLarge(status, max_bytes)
    if unpacker is not None and body and not unpacker.eof:
        raise OutboundFailed(FailureReason.BROKEN, "the answer's compression ends too early")
    return bytes(body)


def _unpacked(unpacker: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        return unpacker.decompress(chunk, room)
    except zlib.error as error:
        raise OutboundFailed(FailureReason.BROKEN, "the answer's compression is damaged") from error
