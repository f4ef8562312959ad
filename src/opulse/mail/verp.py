"""Bounce addresses (VERP): the envelope sender names the invitation, signed, so that nobody can invent bounces.

``bounces+<reference>.<signature>@example.org``: base32 in lower case, because local parts lose their case on the way.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_SIGNATURE_BYTES = 10
_MOST_BYTES = 20
_LOCAL = re.compile(r"([a-z0-9_-]+)[+]([a-z2-7]{2,32})\.([a-z2-7]{16})", re.IGNORECASE)


class VerpFault(StrEnum):
    """Why an address is not one of our bounce addresses."""

    NOT_OURS = "not_ours"
    """Another domain, another mailbox, or not of the form of a bounce address."""
    FORGED = "forged"
    """Our form, but no key of ours signed it."""


@dataclass(frozen=True, slots=True)
class Verp:
    """Bounce addresses at ``domain``. The first key signs, all verify: rotate by putting a new one in front."""

    domain: str
    keys: tuple[bytes, ...]
    mailbox: str = "bounces"

    def __post_init__(self) -> None:
        if not self.keys or min(map(len, self.keys)) < 16:
            raise ValueError("bounce addresses need at least one key of at least 16 bytes")
        if not re.fullmatch(r"[a-z0-9_-]{1,13}", self.mailbox):
            raise ValueError("the bounce mailbox is 1 to 13 lower-case letters, digits, - or _")

    def encode(self, reference: bytes) -> str:
        """The address for ``reference`` (1 to 20 bytes, such as an invitation's id). At most 64 octets before the @."""
        if not 1 <= len(reference) <= _MOST_BYTES:
            raise ValueError("a bounce reference is 1 to 20 bytes")
        return f"{self.mailbox}+{_b32(reference)}.{_b32(self._sign(self.keys[0], reference))}@{self.domain}"

    def decode(self, address: str) -> bytes | VerpFault:
        """The reference in ``address``, or why there is none. Upper and lower case are the same."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        match = _LOCAL.fullmatch(local)
        if match is None or domain.lower() != self.domain.lower() or match.group(1).lower() != self.mailbox:
            return VerpFault.NOT_OURS
        reference, signature = _unb32(match.group(2)), _unb32(match.group(3))
        if reference is None or signature is None:
            return VerpFault.NOT_OURS
        signed = [hmac.compare_digest(signature, self._sign(key, reference)) for key in self.keys]
        return reference if any(signed) else VerpFault.FORGED

    def _sign(self, key: bytes, reference: bytes) -> bytes:
        return hmac.digest(key, b"bounce\0" + reference, sha256)[:_SIGNATURE_BYTES]


def _b32(raw: bytes) -> str:
    return b32encode(raw).decode("ascii").rstrip("=").lower()


def _unb32(text: str) -> bytes | None:
    """The bytes of unpadded base32; None where the length is one that base32 cannot have."""
    if len(text) % 8 in (1, 3, 6):
        return None
    return b32decode(text.upper() + "=" * (-len(text) % 8))
