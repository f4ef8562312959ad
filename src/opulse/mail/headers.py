"""Header fields as bytes: RFC 5322 folding, RFC 2047 encoded words, nothing that could start a second header."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence

from opulse.mail.addresses import wire_address
from opulse.mail.models import MessageRefused, Refusal

LINE = 78
"""Characters after which a header is folded (RFC 5322 2.1.1)."""
HARD_LINE = 998
"""Octets that a line never exceeds (RFC 5322 2.1.1)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WORDS = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTABLE = re.compile(r"[\x20-\x7e]*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}")
_LINK = re.compile(r"(?:https?://|mailto:)[\x21\x23-\x3b\x3d\x3f-\x7e]+")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/|\Z)")


def checked(name: str, text: str) -> str:
    """``text`` if it can stand in header ``name``. Raises MessageRefused: control characters, lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    if _CONTROL.search(text):
        raise MessageRefused(Refusal.CONTROL_CHARACTER, name)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise MessageRefused(Refusal.NOT_TEXT, name) from None
    return text


def unstructured(name: str, text: str) -> bytes:
    """``name: text`` for people to read (Subject, X- headers); read back, it is exactly ``text``."""
    text = checked(name, text)
    if not text:
        return f"{name}:\r\n".encode("ascii")
    if _WORDS.fullmatch(text) and "=?" not in text:
        if len(name) + 2 + len(text) <= LINE:
            return f"{name}: {text}\r\n".encode("ascii")
        words = text.split(" ")
        if max(map(len, words)) < HARD_LINE - len(name) - 2:
            return f"{name}: {_folded(words, len(name) + 2)}\r\n".encode("ascii")
    return f"{name}: {_encoded_words(text, len(name) + 2)}\r\n".encode("ascii")


def mailbox(name: str, display: str, address: str) -> bytes:
    """``name: display <address>``; white space in the display name is collapsed, an empty one is left out."""
    phrase = " ".join(checked(name, display).split())
    wire = wire_address(checked(name, address))
    if not phrase:
        return f"{name}: {wire}\r\n".encode()
    shown = _phrase(phrase, len(name) + 2)
    last_line = len(shown) - shown.rfind("\n")
    gap = " " if last_line + len(wire) + len(name) + 5 <= LINE else "\r\n "
    return f"{name}: {shown}{gap}<{wire}>\r\n".encode()


def mailboxes(name: str, addresses: Sequence[str]) -> bytes:
    """``name: address, address``, one on each line (RFC 5322 3.6.3)."""
    wires = ",\r\n ".join(wire_address(checked(name, one)) for one in addresses)
    return f"{name}: {wires}\r\n".encode()


def message_id(text: str) -> bytes:
    """``Message-ID: <text>``; ``text`` is ``left@right`` without brackets."""
    if not _MESSAGE_ID.fullmatch(text):
        raise MessageRefused(Refusal.BAD_MESSAGE_ID, "Message-ID")
    return f"Message-ID: <{text}>\r\n".encode("ascii")


def list_unsubscribe(link: str, mailto: str) -> bytes:
    """``List-Unsubscribe`` (RFC 2369), with ``List-Unsubscribe-Post`` (RFC 8058) where the link may carry it.

    One-click needs https, so a plain http link is offered without that promise; a loopback address (the demo) keeps it.
    The addresses stay on one line: folded ones have broken DKIM signatures.
    """
    offers = [checked_link("List-Unsubscribe", link)]
    if mailto:
        offers.append(checked_link("List-Unsubscribe", f"mailto:{mailto}"))
    line = "List-Unsubscribe: " + ", ".join(f"<{offer}>" for offer in offers)
    if len(line) > HARD_LINE:
        raise MessageRefused(Refusal.TOO_LONG, "List-Unsubscribe")
    one_click = link.startswith("https://") or _LOOPBACK.match(link)
    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if one_click else ""
    return f"{line}\r\n{post}".encode("ascii")


def checked_link(where: str, link: str) -> str:
    """``link`` if it is an http, https or mailto address in ASCII without spaces. Raises MessageRefused (BAD_LINK)."""
    if not _LINK.fullmatch(link):
        raise MessageRefused(Refusal.BAD_LINK, where)
    return link


def list_id(label: str, domain: str) -> bytes:
    """``List-Id: label <domain>`` (RFC 2919), one per programme so that people can filter."""
    if not domain.isascii() or not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", domain):
        raise MessageRefused(Refusal.BAD_ADDRESS, "List-Id")
    phrase = " ".join(checked("List-Id", label).split())
    shown = f"{_phrase(phrase, 9)}\r\n " if phrase else ""
    return f"List-Id: {shown}<{domain}>\r\n".encode("ascii")


def _phrase(phrase: str, used: int) -> str:
    if len(phrase) + used <= LINE and "=?" not in phrase:
        if _ATOMS.fullmatch(phrase):
            return phrase
        if _QUOTABLE.fullmatch(phrase):
            return '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded_words(phrase, used)


def _folded(words: list[str], used: int) -> str:
    lines, line = [], ""
    for word in words:
        if line and used + len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line, used = word, 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _encoded_words(text: str, used: int) -> str:
    """``text`` as base64 encoded words of at most 75 characters, none of which cuts a character in two."""
    raw = text.encode("utf-8")
    words, start = [], 0
    room = max(4, (75 - used - 12) // 4 * 3)
    while start < len(raw):
        end = min(start + room, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(raw[start:end]).decode('ascii')}?=")
        start, room = end, 45
    return "\r\n ".join(words)
