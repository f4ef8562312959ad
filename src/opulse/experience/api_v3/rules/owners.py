"""Ids of what we have no rows for: the tenant's library, and the tenant as an owner."""

from __future__ import annotations

from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def library_id(tenant: int) -> str:
    """``GR_`` and 15 characters: a tenant has one library, its own. The same for ever, and told by nothing else."""
    number = int.from_bytes(sha256(f"library of {tenant}".encode()).digest()[:12])
    return "GR_" + "".join(_ALPHABET[number // 62**place % 62] for place in range(15))


def owner_id(tenant: int) -> str:
    """``UR_`` and 15 characters: what a tenant makes belongs to the tenant."""
    return "UR_" + library_id(tenant)[3:]


def lookup_id(contact: str) -> str:
    """``CGC_`` of a contact ``CID_``: the contact's place in the list through which it was asked."""
    return "CGC_" + contact.removeprefix("CID_") if contact else ""
