"""A domain's DKIM key, and whether a receiver that finds its public half in the DNS takes a message for genuine."""

from __future__ import annotations

import base64
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SELECTOR, DOMAIN = "pulse", "example.org"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


def private_pem() -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return (
        _key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")
    )


def verifies(message: bytes) -> bool:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = base64.b64encode(_key().public_key().public_bytes(serialization.Encoding.DER, form))
    records = {f"{SELECTOR}._domainkey.{DOMAIN}.".encode(): b"v=DKIM1; k=rsa; p=" + public}
    return bool(dkim.verify(message, dnsfunc=lambda name, timeout=5: records.get(name)))
