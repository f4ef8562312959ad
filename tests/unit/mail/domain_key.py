"""A domain's DKIM key, and whether a receiver that finds its public half in the DNS takes a message for genuine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from opulse.mail.signing import Signer

SELECTOR, DOMAIN = "pulse", "example.org"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


def private_pem() -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return (
        _key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")
    )


def verifies_by(message: bytes, signer: Signer) -> bool:
    """Whether dkimpy, which shares no line with our signer, takes it for genuine by the record that we would publish.

    Of Ed25519 dkimpy leaves the arithmetic alone to PyNaCl, which nothing else here needs: cryptography's stands in for it.
    """
    name, text = signer.record
    records = {f"{name}.".encode(): text.encode()}
    with _nacl():
        return bool(dkim.verify(message, dnsfunc=lambda wanted, timeout=5: records.get(wanted)))


@contextmanager
def _nacl() -> Iterator[None]:
    """The four names of PyNaCl that dkimpy's verifier uses."""

    class BadSignatureError(Exception):
        pass

    class VerifyKey:
        def __init__(self, key: bytes, encoder: object) -> None:
            self._key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

        def verify(self, message: bytes, signature: bytes) -> bytes:
            try:
                self._key.verify(signature, message)
            except InvalidSignature as error:
                raise BadSignatureError from error
            return message

    names = {
        "signing": SimpleNamespace(VerifyKey=VerifyKey),
        "encoding": SimpleNamespace(Base64Encoder=None),
        "exceptions": SimpleNamespace(BadSignatureError=BadSignatureError, ValueError=ValueError),
    }
    before = getattr(dkim, "nacl", None)
    dkim.nacl = SimpleNamespace(**names)
    try:
        yield
    finally:
        dkim.nacl = before


def verifies(message: bytes) -> bool:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = base64.b64encode(_key().public_key().public_bytes(serialization.Encoding.DER, form))
    records = {f"{SELECTOR}._domainkey.{DOMAIN}.".encode(): b"v=DKIM1; k=rsa; p=" + public}
    return bool(dkim.verify(message, dnsfunc=lambda name, timeout=5: records.get(name)))
