"""A page that is alike for everybody but for a few slots: drawn once, then filled for each person and sent.

It is packed once, too. A slot's value travels as a *stored* block between the packed parts (RFC 1951, 3.2.4), so no compressor
runs per request, and what is a person's own is never packed together with what somebody else could have written beside it.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections.abc import Callable, Hashable, Mapping

_MARK = f"slot{secrets.token_hex(12)}"  # nobody who writes a survey can know it
_SLOT = re.compile(f"{_MARK}([a-z]+)0")  # a digit ends it: the text behind may begin with letters
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_STORED_MAX = 65_535
MOST = 256
"""Pages kept per process: versions times languages times choices of the mail's first question."""


def slot(name: str) -> str:
    """What stands in the drawn page where ``name`` (a to z) is filled in. No escaping and no URL encoding changes it."""
    return f"{_MARK}{name}0"


class Prepared:
    """The parts of a page and the names of the slots between them."""

    def __init__(self, drawn: str) -> None:
        texts = _SLOT.split(drawn)
        self._names = tuple(texts[1::2])
        self._parts = tuple(text.encode() for text in texts[::2])
        self._packed = _pack(self._parts)

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The page. ``values``: slot → what stands there, escaped and in UTF-8."""
        pieces = [self._parts[0]]
        for name, part in zip(self._names, self._parts[1:], strict=True):
            pieces += (values[name], part)
        return b"".join(pieces)

    def fill_packed(self, values: Mapping[str, bytes]) -> bytes:
        """The page as a gzip member. No value is longer than 65,535 bytes."""
        whole = self.fill(values)
        stored = {name: _stored(value) for name, value in values.items()}
        pieces = [_GZIP_HEAD, self._packed[0]]
        for name, part in zip(self._names, self._packed[1:], strict=True):
            pieces += (stored[name], part)
        pieces.append(struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF))
        return b"".join(pieces)


class PreparedPages:
    """The pages that a process has drawn lately. A key names everything that a page depends on, and nothing that changes."""

    def __init__(self) -> None:
        self._pages: dict[Hashable, Prepared] = {}

    def find(self, key: Hashable) -> Prepared | None:
        """The page of ``key`` when it is there."""
        page = self._pages.pop(key, None)
        if page is not None:
            self._pages[key] = page
        return page

    def get(self, key: Hashable, draw: Callable[[], str]) -> Prepared:
        """The page of ``key``; ``draw`` gives its text with slots when it is not there. The one unused longest makes room."""
        page = self._pages.pop(key, None) or Prepared(draw())
        self._pages[key] = page
        if len(self._pages) > MOST:
            self._pages.pop(next(iter(self._pages)), None)
        return page


def _pack(parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Each part deflated so that it ends on a byte and refers to nothing before it; the last one ends the stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in parts[:-1]]
    return (*packed, packer.compress(parts[-1]) + packer.flush(zlib.Z_FINISH))


def _stored(value: bytes) -> bytes:
    if len(value) > _STORED_MAX:
        raise ValueError(f"a slot holds at most {_STORED_MAX} bytes")
    return b"\0" + struct.pack("<HH", len(value), len(value) ^ 0xFFFF) + value
