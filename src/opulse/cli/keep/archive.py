"""The file of a backup: a compressed tar with a manifest, the database as one SQLite file, the keys, the options."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path

import msgspec

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "opulse.db"
KEYS = "keys.json"
OPTIONS = "opulse.env"
MEMBERS = (DATABASE, KEYS, OPTIONS)
_BLOCK = 1024 * 1024


class ArchiveRefused(Exception):
    """The file cannot be used; says why."""


class Manifest(msgspec.Struct, frozen=True):
    """What the file says of itself. ``schema``: revision of the database; ``digests``: SHA-256 of each member."""

    format: int
    version: str
    created_at: str
    dialect: str
    schema: str
    rows: dict[str, int]
    digests: dict[str, str]


def write_archive(target: Path, manifest: Manifest, folder: Path) -> None:
    """Pack those of :data:`MEMBERS` that are in ``folder``. The file appears whole or not at all, for its owner alone."""
    draft = target.with_name(f".{target.name}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as packed:
                _add(packed, MANIFEST, msgspec.json.encode(manifest))
                for name in manifest.digests:
                    packed.add(folder / name, name, recursive=False, filter=_plain)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def read_archive(source: Path, folder: Path) -> Manifest:
    """Unpack into ``folder`` and check every member.

    Raises:
        ArchiveRefused: no backup, a newer form of it, or damaged.
    """
    try:
        with tarfile.open(source, "r:gz") as packed:
            manifest = _read_manifest(packed)
            for name in manifest.digests:
                _extract(packed, name, folder / name)
    except (tarfile.TarError, OSError, EOFError, KeyError, msgspec.DecodeError) as error:
        raise ArchiveRefused(f"{source} is not a readable backup ({error})") from error
    for name, digest in manifest.digests.items():
        if digest_of(folder / name) != digest:
            raise ArchiveRefused(f"{source} is damaged: {name} is not what was backed up")
    return manifest


def digest_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(packed: tarfile.TarFile) -> Manifest:
    file = packed.extractfile(MANIFEST)
    manifest = msgspec.json.decode(file.read() if file else b"", type=Manifest)
    if manifest.format != FORMAT:
        raise ArchiveRefused(f"a backup of form {manifest.format}; this version reads form {FORMAT}")
    if DATABASE not in manifest.digests or not set(manifest.digests) <= set(MEMBERS):
        raise ArchiveRefused("a backup with other contents than this version knows")
    return manifest


def _extract(packed: tarfile.TarFile, name: str, target: Path) -> None:
    """By name, to a path of ours: what else the file holds, and what it calls itself, does not matter."""
    file = packed.extractfile(name)
    if file is None:
        raise ArchiveRefused(f"{name} in the backup is no file")
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while block := file.read(_BLOCK):
            out.write(block)


def _add(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o600
    packed.addfile(entry, io.BytesIO(content))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without names and numbers of this machine's accounts."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry
