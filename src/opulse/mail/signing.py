"""DKIM signatures (RFC 6376, Ed25519 by RFC 8463) of our own, for who has no relay that signs.

Written here and not taken from a library: the ones there are do RSA and the canonical forms in Python, 3 to 11 ms a mail, and
100,000 mails are on their way in sixteen seconds. Our frames are 7-bit and quoted-printable, so their bodies leave nothing to
make canonical (``simple``), and OpenSSL signs: what that costs stands in ADR 0020. The carrier's process does it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from opulse.mail.models import WireMessage

SIGNED = (
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "content-language",
    "mime-version",
    "content-type",
)
"""RFC 8058 4: both List-Unsubscribe headers must be signed. Those that a message does not have are left out."""
_PROBE = WireMessage(b"From: probe@example.org\r\nSubject: probe\r\n\r\nprobe\r\n")
_SIGNED = frozenset(name.encode("ascii") for name in SIGNED)
_RSA_LEAST = 1024


class Algorithm(StrEnum):
    """How a key signs; in the words of the DNS record's ``k=``."""

    RSA = "rsa"
    """2,048 bits. Every receiver knows it."""
    ED25519 = "ed25519"
    """A tenth of the time, and a short record. Not every receiver knows it yet: sign with both."""


class CannotSign(ValueError):
    """Mails cannot be signed with what was given; the message says what to do."""


_Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """One domain's key. Nothing in it changes, so a copy in another process is as good."""

    domain: str
    selector: str
    """Where receivers find the public key: ``<selector>._domainkey.<domain>``."""
    key: str = field(repr=False)
    """The private key in PEM form: RSA or Ed25519."""

    def sign(self, message: WireMessage) -> WireMessage:
        """The message with its signature as the first header."""
        head, _, body = message.partition(b"\r\n\r\n")
        headers = [pair for pair in _headers(head) if pair[0] in _SIGNED]
        private, algorithm, prefix = _material(self)
        signed = b":".join(name for name, _ in headers)
        digest = base64.b64encode(sha256(_simple(body)).digest())
        own = b"%s h=%s; bh=%s; b=" % (prefix, signed, digest)
        parts = [name + b":" + value + b"\r\n" for name, value in headers]
        text = b"".join((*parts, b"dkim-signature:", own))
        signature = base64.b64encode(_sign(private, algorithm, text))
        folded = b"\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return WireMessage(
            b"DKIM-Signature: %s\r\n h=%s;\r\n bh=%s;\r\n b=%s\r\n%s"
            % (prefix, signed, digest, folded, message)
        )

    def check(self) -> None:
        """See that mails can be signed.

        Raises:
            CannotSign: the key cannot be read, or a name is no name.
        """
        if not (self.domain and self.selector):
            raise CannotSign("signing mails needs a domain and a selector beside the key")
        try:
            self.sign(_PROBE)
        except (ValueError, UnsupportedAlgorithm) as error:  # also what cannot be written in ASCII
            raise CannotSign(
                f"the key, domain or selector for signing mails cannot be used: {error}"
            ) from error

    @property
    def record(self) -> tuple[str, str]:
        """(name, text) of the TXT record to publish. Raises ValueError where the key cannot be read."""
        private = _load(self.key)
        return f"{self.selector}._domainkey.{self.domain}", public_record(private)


@dataclass(frozen=True, slots=True)
class Signers:
    """Several keys; each signs. Receivers take the mail for genuine when any signature of a kind that they know is good."""

    keys: tuple[Signer, ...]

    def sign(self, message: WireMessage) -> WireMessage:
        """The message with one signature per key."""
        for key in self.keys:
            message = key.sign(message)
        return message


Signs = Signer | Signers


def generate_key(algorithm: Algorithm) -> str:
    """A new private key in PEM form (PKCS #8)."""
    made: _Key = (
        rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        if algorithm is Algorithm.RSA
        else ed25519.Ed25519PrivateKey.generate()
    )
    form = serialization.PrivateFormat.PKCS8
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def public_record(private: _Key) -> str:
    """The text of the TXT record (RFC 6376 3.6.1; of Ed25519 the bare 32 bytes, RFC 8463 4.2)."""
    public = private.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode('ascii')}"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(serialization.Encoding.DER, form)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode('ascii')}"


@lru_cache(maxsize=64)
def _material(signer: Signer) -> tuple[_Key, Algorithm, bytes]:
    """What is the same for all mails of a signer: the key, and its tags. Read once in each process."""
    private = _load(signer.key)
    algorithm = Algorithm.RSA if isinstance(private, rsa.RSAPrivateKey) else Algorithm.ED25519
    tags = f"v=1; a={algorithm.value}-sha256; c=relaxed/simple; d=%s; s=%s;"
    domain = signer.domain.encode("idna").decode("ascii")
    signer.selector.encode("ascii")
    return private, algorithm, (tags % (domain, signer.selector)).encode("ascii")


def _load(pem: str) -> _Key:
    """The key of ``pem``. Raises ValueError where it is none that signs."""
    try:
        private = serialization.load_pem_private_key(pem.encode("ascii"), None)
    except (TypeError, UnicodeEncodeError) as error:  # it wants a password, or is no PEM at all
        raise ValueError(str(error)) from error
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= _RSA_LEAST:
        return private
    raise ValueError(f"neither an Ed25519 key nor an RSA key of at least {_RSA_LEAST} bits")


def _sign(private: _Key, algorithm: Algorithm, text: bytes) -> bytes:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(sha256(text).digest())  # RFC 8463 3: of the hash, not of the text
    return private.sign(text, padding.PKCS1v15(), hashes.SHA256())


def _headers(head: bytes) -> Iterable[tuple[bytes, bytes]]:
    """(name, value) in the canonical form *relaxed*: lower-case names, values unfolded, runs of white space one space."""
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, _, value = line.partition(b":")
        yield name.strip().lower(), b" ".join(value.split())


def _simple(body: bytes) -> bytes:
    """The canonical form *simple*: as it is, with exactly one line end behind the last line."""
    return body.rstrip(b"\r\n") + b"\r\n"
