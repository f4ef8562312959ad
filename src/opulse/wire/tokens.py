"""The opaque part of a personal link: key id, tenant, invitation id and a keyed digest over them.

Nothing to steal from a dump (no token is stored), forged ones are refused before any query, and keys rotate: the first key of the
list issues, all of them verify. The purpose is signed but not written, so a token made for one purpose opens no other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

_DOMAIN: Final = b"opulse link token 1"  # signed in front, so that the key's digests mean nothing elsewhere
_ID_BYTES: Final = 16
_DIGEST_BYTES: Final = 16  # 128 bits: forging one needs 2**127 tries against our server
_MIN_SECRET_BYTES: Final = 32
_MAX_TENANT: Final = 2**63 - 1
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_MIN_LENGTH: Final = 1 + 1 + _ID_BYTES + _DIGEST_BYTES
_MAX_LENGTH: Final = 1 + 8 + _ID_BYTES + _DIGEST_BYTES


class LinkPurpose(StrEnum):
    """What a link may be used for."""

    ANSWER = "answer"  # opens the survey of one invitation
    UNSUBSCRIBE = "unsubscribe"  # opts the invited contact out, by one POST
    PREVIEW = "preview"  # shows the survey as the invited person would see it; stores nothing


class LinkTokens:
    """Issues and reads link tokens.

    ``keys`` are ``(key id 0..255, secret of at least 32 bytes)``, the issuing key first; keep an old key in the list
    until the last link it signed has expired. Raises ``ValueError`` for an empty list, a repeated id or a short secret.
    """

    def __init__(self, keys: Sequence[tuple[int, bytes]]) -> None:
        if not keys:
            raise ValueError("link tokens need at least one key")
        if any(not 0 <= key_id <= 255 for key_id, _ in keys) or len({key_id for key_id, _ in keys}) != len(
            keys
        ):
            raise ValueError("key ids are distinct and within 0..255")
        if any(len(secret) < _MIN_SECRET_BYTES for _, secret in keys):
            raise ValueError(f"a link key has at least {_MIN_SECRET_BYTES} bytes")
        self._keys = tuple(keys)
        self._signers = {key_id: _signers(secret) for key_id, secret in keys}
        self._issuing = keys[0][0]

    def __reduce__(self) -> tuple[type[LinkTokens], tuple[object]]:
        """What is keyed already cannot be handed to another process; the keys can."""
        return LinkTokens, (self._keys,)

    def issue(self, purpose: LinkPurpose, tenant: int, invitation_id: bytes) -> str:
        """46 to 55 characters of ``[A-Za-z0-9_-]`` for one invitation (its id is 16 bytes) of one tenant (0..2**63-1)."""
        if len(invitation_id) != _ID_BYTES:
            raise ValueError("an invitation id has 16 bytes")
        if not 0 <= tenant <= _MAX_TENANT:
            raise ValueError("a tenant is a number within 0..2**63-1")
        digest = _digest(self._signers[self._issuing][purpose], tenant, invitation_id)
        return _encode(bytes((self._issuing,)) + _compact(tenant) + invitation_id + digest)

    def read(self, purpose: LinkPurpose, token: str) -> tuple[int, bytes] | None:
        """``(tenant, invitation id)`` when this token was issued for this purpose by one of the keys, else ``None``."""
        raw = _decode(token)
        if raw is None:
            return None
        signers = self._signers.get(raw[0])
        if signers is None:
            return None
        compact = raw[1 : -_ID_BYTES - _DIGEST_BYTES]
        tenant = int.from_bytes(compact, "big")
        if tenant > _MAX_TENANT or compact != _compact(tenant):
            return None
        invitation_id = raw[-_ID_BYTES - _DIGEST_BYTES : -_DIGEST_BYTES]
        expected = _digest(signers[purpose], tenant, invitation_id)
        return (tenant, invitation_id) if hmac.compare_digest(expected, raw[-_DIGEST_BYTES:]) else None


def _compact(tenant: int) -> bytes:
    """The tenant in as few bytes as hold it, at least one."""
    return tenant.to_bytes(max(1, (tenant.bit_length() + 7) // 8), "big")


def _signers(secret: bytes) -> dict[LinkPurpose, hmac.HMAC]:
    """By purpose what is keyed and has read the beginning of what is signed: a blast verifies 100,000 links within a minute."""
    return {
        purpose: hmac.new(secret, b"%s\0%s\0" % (_DOMAIN, purpose.value.encode()), "sha256")
        for purpose in LinkPurpose
    }


def _digest(signer: hmac.HMAC, tenant: int, invitation_id: bytes) -> bytes:
    """Every part but the purpose has a fixed length and the purpose ends at a NUL: no two triples sign the same text."""
    signing = signer.copy()
    signing.update(tenant.to_bytes(8, "big") + invitation_id)
    return signing.digest()[:_DIGEST_BYTES]


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def _decode(token: str) -> bytes | None:
    """The bytes of a token, ``None`` unless it is written exactly as :func:`_encode` writes (one spelling per token)."""
    if len(token) > 4 * _MAX_LENGTH // 3 + 1 or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if not _MIN_LENGTH <= len(raw) <= _MAX_LENGTH or _encode(raw) != token:
        return None
    return raw
