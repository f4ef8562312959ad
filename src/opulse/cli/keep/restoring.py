"""Make an installation from a backup, in an empty place, with sending held until somebody releases it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.cli.keep.archive import DATABASE, KEYS, OPTIONS, ArchiveRefused, Manifest, read_archive
from opulse.db import open_database
from opulse.db.copying import check_sqlite_file, count_rows, write_from_file
from opulse.settings import Settings, load_settings
from opulse.tenancy import list_tenants
from opulse.tenancy.flow.tenants import change_tenant

ACTOR = "opulse restore"


class TargetNotEmpty(Exception):
    """There is something where the backup should go; says what and where."""


async def restore(source: Path, data: Path) -> Manifest:
    """Restore into the data folder and into the database that the options name (``OPULSE_DATABASE_URL``, else SQLite there).

    Raises:
        ArchiveRefused, CopyDamaged: the backup cannot be used; nothing was changed.
        TargetNotEmpty: nothing was changed.
    """
    _make_folder(data)
    import_stores()
    with tempfile.TemporaryDirectory(prefix=".opulse-restore-", dir=data) as scratch:
        folder = Path(scratch)
        manifest = read_archive(source, folder)
        check_sqlite_file(folder / DATABASE)
        settings = load_settings(folder)
        if not (folder / KEYS).exists() and not settings.secret_key.get_secret_value():
            raise ArchiveRefused(
                "the backup holds no keys: set OPULSE_SECRET_KEY (or OPULSE_SECRET_KEY_FILE) to that of the original"
            )
        await _hold_sending(folder)
        await _place(settings, folder, data)
        return manifest


async def _hold_sending(folder: Path) -> None:
    """In the copy, before it is anywhere else: mails that were waiting then may have left since."""
    settings = load_settings(folder, database_url="")
    ports = await open_ports(settings, "http://127.0.0.1")
    try:
        await migrate(ports.db)
        for tenant in await ports.db.read(list_tenants):
            await change_tenant(ports, tenant.id, ACTOR, hold_after_restore=True)
    finally:
        await close_ports(ports)


async def _place(settings: Settings, folder: Path, data: Path) -> None:
    """Keys and options first, the database last: without it there is no installation yet."""
    elsewhere = settings.database_url
    if elsewhere:
        await _refuse_used_database(elsewhere)
    for name in (KEYS, OPTIONS):
        if (folder / name).exists():
            (folder / name).replace(data / name)
    if elsewhere:
        await _fill(elsewhere, folder / DATABASE)
    else:
        (folder / DATABASE).replace(data / DATABASE)


async def _fill(address: str, copy: Path) -> None:
    target = await open_database(address)
    try:
        await migrate(target)
        await target.write(write_from_file, copy)
    finally:
        await target.close()


def _make_folder(data: Path) -> None:
    used = [name for name in (DATABASE, KEYS, OPTIONS) if (data / name).exists()]
    if used:
        raise TargetNotEmpty(
            f"{data} is not empty ({', '.join(used)}): restore into a new folder with --data, or move the old one away"
        )
    data.mkdir(parents=True, exist_ok=True, mode=0o700)


async def _refuse_used_database(address: str) -> None:
    target = await open_database(address)
    try:
        rows = sum((await target.read(count_rows)).values())
    finally:
        await target.close()
    if rows:
        parts = urlsplit(address)
        place = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        raise TargetNotEmpty(
            f"{place} holds {rows:,} rows: make an empty database and name it with OPULSE_DATABASE_URL"
        )
