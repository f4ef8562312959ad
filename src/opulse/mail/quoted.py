"""Quoted-printable in pieces, so that the pieces of a body can be encoded apart and joined.

Every piece begins and ends at the start of a line (it ends with a line break or with a soft one), hence what one piece
holds never changes how another must be written, lines stay within 76 characters, and all of it is ASCII. No line begins
with a dot either, so that SMTP's dot-stuffing (RFC 5321 4.5.2) has nothing to do.
"""

from __future__ import annotations

import re
from binascii import b2a_qp

from opulse.mail.models import MessageRefused, Refusal

_NEWLINE = re.compile("\r\n?")
_PLAIN = re.compile("[A-Za-z0-9_:/~-](?:[A-Za-z0-9_:/~ .-]{0,70}[A-Za-z0-9_:/~-])?")


def piece(text: str, where: str) -> bytes:
    """``text`` as quoted-printable UTF-8 with CRLF; line ends of any kind become one line end. Empty stays empty.

    Raises MessageRefused (NOT_TEXT) for lone surrogates.
    """
    if _PLAIN.fullmatch(text):  # names and links: written as they are
        return text.encode("ascii") + b"=\r\n"
    if not text:
        return b""
    if "\r" in text:
        text = _NEWLINE.sub("\n", text)
    try:
        coded = b2a_qp(text.encode("utf-8"), istext=True)
    except UnicodeEncodeError:
        raise MessageRefused(Refusal.NOT_TEXT, where) from None
    if not coded.endswith(b"\n"):
        coded = _short_last_line(coded) + b"=\n"
    return _without_leading_dots(coded).replace(b"\n", b"\r\n")


def _short_last_line(coded: bytes) -> bytes:
    """The encoder may fill the last line to 76 characters; leave room for the soft line break."""
    if len(coded) - coded.rfind(b"\n") - 1 < 76:
        return coded
    last = 3 if coded[-3:-2] == b"=" else 1
    return coded[:-last] + b"=\n" + coded[-last:]


def _without_leading_dots(coded: bytes) -> bytes:
    """Writes a dot at the start of a line as ``=2E`` on a line of its own: the rest may fill a line already."""
    while coded.startswith(b"."):
        coded = b"=2E=\n" + coded[1:]
    while b"\n." in coded:
        coded = coded.replace(b"\n.", b"\n=2E=\n")
    return coded
