"""The installation's keys: made once in the data folder, or given by setting. Losing them loses what they sealed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from opulse.settings import Settings

KEY_FILE = "keys.json"


@dataclass(frozen=True)
class Keys:
    """``sealing``: Fernet keys, newest first. ``links``: (number, secret) of link tokens. ``digest``: of machine credentials."""

    sealing: tuple[bytes, ...]
    links: tuple[tuple[int, bytes], ...]
    digest: bytes


def load_keys(settings: Settings) -> Keys:
    """From ``OPULSE_SECRET_KEY`` when set (several processes must share it), else from the data folder, made on first use."""
    given = settings.secret_key.get_secret_value()
    if given:
        return _derived(given)
    path = settings.data / KEY_FILE
    if not path.exists():
        _make(path)
    stored = json.loads(path.read_text(encoding="ascii"))
    return Keys(
        tuple(text.encode("ascii") for text in stored["sealing"]),
        tuple((int(number), base64.b64decode(secret)) for number, secret in stored["links"]),
        base64.b64decode(stored["digest"]),
    )


def _derived(secret: str) -> Keys:
    """Three independent keys out of one secret of the administrator's."""

    def derive(purpose: str) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(
            secret.encode()
        )

    sealing = base64.urlsafe_b64encode(derive("opulse sealing"))
    return Keys((sealing,), ((1, derive("opulse links")),), derive("opulse digests"))


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "sealing": [Fernet.generate_key().decode("ascii")],
        "links": [[1, base64.b64encode(secrets.token_bytes(32)).decode("ascii")]],
        "digest": base64.b64encode(secrets.token_bytes(32)).decode("ascii"),
    }
    # written whole and for the owner alone: a torn or readable key file would be worse than none
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        # a link never replaces: of two processes that start at once, the second takes the first one's keys
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
