"""LDIF content records (RFC 2849): what a directory server exports, and nothing that changes a directory."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

_CHANGES = frozenset({"delete", "modify", "modrdn", "moddn"})


def ends_entry(line: bytes) -> bool:
    """Whether an entry may end behind this line: it is empty."""
    return not line.strip(b"\r")


def read_entries(text: str, first_line: int) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line on which the entry begins, its attributes); in place of one that cannot be read stands why.

    An attribute's options (``;lang-de``) are cut off, and of several values the first counts.
    """
    entry: dict[str, str] = {}
    wrong, begins = "", first_line
    for number, line in _unfold(text, first_line):
        if not line:
            yield from _end(begins, entry, wrong)
            entry, wrong = {}, ""
            continue
        if not entry and not wrong:
            begins = number
        name, value, why = _read_line(line)
        wrong = wrong or why
        if name:
            entry.setdefault(name, value)
    yield from _end(begins, entry, wrong)


def _end(line: int, entry: dict[str, str], wrong: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    if entry.get("changetype", "add").casefold() in _CHANGES:
        wrong = wrong or f"a change ({entry['changetype']}) is not taken, only whole entries"
    if wrong:
        yield line, wrong
    elif "dn" in entry:
        yield line, entry
    elif set(entry) - {"version"}:
        yield line, "the entry does not begin with dn:"


def _unfold(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """(number, line): a line that begins with a blank goes on with the one before. Comments are left out."""
    held, at = "", first_line
    for number, raw in enumerate(text.split("\n"), first_line):
        line = raw.rstrip("\r")
        if line.startswith(" ") and held:
            held += line[1:]
            continue
        if held and not held.startswith("#"):
            yield at, held
        held, at = line, number
        if not line:
            yield number, ""
    if held and not held.startswith("#"):
        yield at, held


def _read_line(line: str) -> tuple[str, str, str]:
    """(name, value, why it cannot be read)."""
    name, colon, rest = line.partition(":")
    if not colon:
        return "", "", f"the line {line[:40]!r} has no colon"
    name = name.partition(";")[0].strip().casefold()
    if rest.startswith("<"):
        return name, "", ""  # a value in another file: nothing is fetched
    if not rest.startswith(":"):
        return name, rest.strip(), ""
    try:
        return name, base64.b64decode(rest[1:].strip(), validate=True).decode(), ""
    except (binascii.Error, UnicodeDecodeError):
        return name, "", ""  # a picture, a security identifier: no text
