"""Bounce addresses (VERP): the envelope sender names the invitation, signed, so that nobody can invent bounces.

``bounces+<reference>.<signature>@example.org``: hexadecimal, because local parts lose their case on the way.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_SIGNATURE_BYTES = 10
_MOST_BYTES = 16
_LOCAL = re.compile(r"([a-z0-9_-]+)[+]((?:[0-9a-f]{2}){1,16})\.([0-9a-f]{20})", re.IGNORECASE | re.ASCII)


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
        if not re.fullmatch(r"[a-z0-9_-]{1,10}", self.mailbox):
            raise ValueError("the bounce mailbox is 1 to 10 lower-case letters, digits, - or _")

    def encode(self, reference: bytes) -> str:
        """The address for ``reference`` (1 to 16 bytes, such as an invitation's id). At most 64 octets before the @."""
        if not 1 <= len(reference) <= _MOST_BYTES:
            raise ValueError("a bounce reference is 1 to 16 bytes")
        return f"{self.mailbox}+{reference.hex()}.{self._sign(self.keys[0], reference).hex()}@{self.domain}"

    def decode(self, address: str) -> bytes | VerpFault:
        """The reference in ``address``, or why there is none. Upper and lower case are the same."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        match = _LOCAL.fullmatch(local)
        if match is None or domain.lower() != self.domain.lower() or match.group(1).lower() != self.mailbox:
            return VerpFault.NOT_OURS
        reference, signature = bytes.fromhex(match.group(2)), bytes.fromhex(match.group(3))
        signed = [hmac.compare_digest(signature, self._sign(key, reference)) for key in self.keys]
        return reference if any(signed) else VerpFault.FORGED

    def _sign(self, key: bytes, reference: bytes) -> bytes:
        return hmac.digest(key, b"bounce\0" + reference, sha256)[:_SIGNATURE_BYTES]
