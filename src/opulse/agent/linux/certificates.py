"""Certificates in files: how long each is still good."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_FOLDERS = (
    "etc/letsencrypt/live",
    "etc/ssl/private",
    "etc/ssl/certs",
    "etc/pki/tls/certs",
    "etc/nginx",
    "etc/apache2",
    "etc/haproxy",
    "etc/postfix",
    "var/lib/acme",
)
_AUTHORITIES = ("usr/share/ca-certificates", "etc/pki/ca-trust", "usr/local/share/ca-certificates")
"""Where the distribution keeps the authorities that it trusts: theirs are not ours to renew."""
_BUNDLE = "ca-certificates.crt"
_ENDINGS = frozenset({".pem", ".crt", ".cer", ".cert"})
_MOST_FILES = 500
_LARGEST_BYTES = 1_000_000
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


class Certificates:
    """The first certificate of each file: in a chain that is the system's own."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._known: dict[tuple[str, float, int], datetime | None] = {}

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {"certificate.file_days_left": self._each, "certificate.days_left": self._first}

    def _each(self, question: Question) -> Readings:
        return {path: Measured((until - question.now).days) for path, until in self._ends()}

    def _first(self, question: Question) -> Reading:
        left = [(until - question.now).days for _, until in self._ends()]
        return Measured(min(left)) if left else Unavailable("no certificate of this system's own was found")

    def _ends(self) -> Iterator[tuple[str, datetime]]:
        fresh: dict[tuple[str, float, int], datetime | None] = {}
        for path in self._files():
            try:
                state = path.stat()
                key = (str(path), state.st_mtime, state.st_size)
                fresh[key] = self._known[key] if key in self._known else _end_of(path)
            except (OSError, ValueError, LookupError):
                continue
        self._known = fresh
        for (name, _, _), until in fresh.items():
            if until is not None:
                yield name, until

    def _files(self) -> list[Path]:
        authorities = tuple(str(self._root / folder) for folder in _AUTHORITIES)
        found: dict[str, Path] = {}
        for folder in _FOLDERS:
            for path in sorted((self._root / folder).rglob("*")):
                real = os.path.realpath(path)
                if path.suffix in _ENDINGS and path.name != _BUNDLE and not real.startswith(authorities):
                    found.setdefault(real, path)
        return list(found.values())[:_MOST_FILES]


def _end_of(path: Path) -> datetime | None:
    """Until when the file's first certificate is good; None where it holds none."""
    if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
        return None
    text = path.read_text(errors="replace")
    begin, end = text.find(_BEGIN), text.find(_END)
    if begin < 0 or end < begin:
        return None
    return end_of_validity(ssl.PEM_cert_to_DER_cert(text[begin : end + len(_END)]))


def end_of_validity(certificate: bytes) -> datetime:
    """``notAfter`` of a certificate in DER (RFC 5280 4.1).

    It stands at a fixed place: after version (if given), serial number, signature and issuer comes the sequence of two times.
    Raises ``ValueError`` for what is no certificate.
    """
    try:
        _, inside, _ = _element(certificate)
        _, fields, _ = _element(inside)
        kind, _, rest = _element(fields)
        if kind == _VERSION:
            _, _, rest = _element(rest)
        for _ in ("signature", "issuer"):
            _, _, rest = _element(rest)
        kind, validity, _ = _element(rest)
        if kind != _SEQUENCE:
            raise ValueError("the validity of the certificate is not where it should be")
        _, _, rest = _element(validity)
        kind, until, _ = _element(rest)
    except IndexError as error:
        raise ValueError("the certificate ends too early") from error
    return _moment(kind, until.decode("ascii"))


def _moment(kind: int, text: str) -> datetime:
    if kind == _UTC_TIME:
        century = "20" if int(text[:2]) < 50 else "19"
        text = century + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("the certificate's end is no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element's kind and content, and what follows it."""
    kind, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    content = data[start : start + length]
    if len(content) < length:
        raise ValueError("the certificate ends too early")
    return kind, content, data[start + length :]
