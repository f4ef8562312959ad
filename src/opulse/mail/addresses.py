"""Mail addresses on the wire: ASCII, international domains (IDN), international local parts (SMTPUTF8)."""

from __future__ import annotations

import re

import idna

from opulse.mail.models import MessageRefused, Refusal

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})*")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff<>()\[\]\\,;:\"@]")


def wire_address(address: str) -> str:
    """``address`` as it is written in a header and in MAIL and RCPT.

    An ASCII address stays as it is; an international domain becomes its A-labels (RFC 5891), so that any relay carries
    it. Only a local part that is not ASCII stays in UTF-8 and needs a relay with SMTPUTF8 (RFC 6531).
    Raises MessageRefused (BAD_ADDRESS).
    """
    if _ASCII.fullmatch(address):
        return address
    if address.isascii():
        raise MessageRefused(Refusal.BAD_ADDRESS, "address")
    local, _, domain = address.rpartition("@")
    wire = f"{local}@{_ascii_domain(domain)}"
    if local.isascii() and not _ASCII.fullmatch(wire):
        raise MessageRefused(Refusal.BAD_ADDRESS, "address")
    if not _is_local_part(local) or len(wire.encode()) > 254:
        raise MessageRefused(Refusal.BAD_ADDRESS, "address")
    return wire


def needs_smtputf8(wire: str) -> bool:
    """Whether an address in wire form can be carried only with SMTPUTF8."""
    return not wire.isascii()


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise MessageRefused(Refusal.BAD_ADDRESS, "address") from None


def _is_local_part(local: str) -> bool:
    if not local or _FORBIDDEN.search(local) or len(local.encode()) > 64:
        return False
    return not (local.startswith(".") or local.endswith(".") or ".." in local)
