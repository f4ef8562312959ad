"""Take a backup, also while the installation runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from opulse import __version__
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.cli.keep.archive import (
    DATABASE,
    FORMAT,
    KEYS,
    MEMBERS,
    OPTIONS,
    ArchiveRefused,
    Manifest,
    digest_of,
    write_archive,
)
from opulse.clock import Clock
from opulse.db import open_database
from opulse.db.copying import copy_sqlite_file, count_rows, find_schema, read_into_file
from opulse.settings import Settings

SQLITE = "sqlite:///"


async def back_up(settings: Settings, target: Path, clock: Clock) -> Manifest:
    """Write the backup of the installation to ``target``, which must not exist.

    Raises:
        ArchiveRefused: there is nothing to back up, or ``target`` exists.
        CopyDamaged: the database is not sound.
    """
    _refuse_used(target)
    import_stores()
    # beside the target: the copy is as large as the database, and /tmp may not be
    with tempfile.TemporaryDirectory(prefix=".opulse-backup-", dir=target.parent) as scratch:
        folder = Path(scratch)
        await _copy_database(settings.database, folder / DATABASE)
        for name in (KEYS, OPTIONS):
            if (settings.data / name).exists():
                shutil.copyfile(settings.data / name, folder / name)
        manifest = await _describe(settings, folder, clock)
        write_archive(target, manifest, folder)
        return manifest


def _refuse_used(target: Path) -> None:
    if target.exists():
        raise ArchiveRefused(f"{target} exists; a backup overwrites nothing")
    target.parent.mkdir(parents=True, exist_ok=True)


def _known(path: Path) -> Path:
    if not path.exists():
        raise ArchiveRefused(f"there is no database at {path}; name the data folder with --data")
    return path


async def _copy_database(address: str, copy: Path) -> None:
    if address.startswith(SQLITE):
        copy_sqlite_file(_known(Path(address.removeprefix(SQLITE))), copy)
        return
    source, file = await open_database(address), await open_database(f"{SQLITE}{copy}")
    try:
        await migrate(file)
        ours, theirs = await file.read(find_schema), await source.read(find_schema)
        if ours != theirs:
            raise ArchiveRefused(
                f"the database has schema {theirs or '(none)'}, this version {ours}: run `opulse migrate` first"
            )
        await file.close()
        await source.read(read_into_file, copy)
    finally:
        await file.close()
        await source.close()


async def _describe(settings: Settings, folder: Path, clock: Clock) -> Manifest:
    file = await open_database(f"{SQLITE}{folder / DATABASE}")
    try:
        rows, schema = await file.read(count_rows), await file.read(find_schema)
    finally:
        await file.close()
    dialect = "sqlite" if settings.database.startswith(SQLITE) else "postgresql"
    digests = {name: digest_of(folder / name) for name in MEMBERS if (folder / name).exists()}
    return Manifest(FORMAT, __version__, clock.now().isoformat(), dialect, schema, rows, digests)
