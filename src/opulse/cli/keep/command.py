"""The verbs ``opulse backup`` and ``opulse restore``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opulse.cli.keep.archive import Manifest

DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder (OPULSE_DATA).")]


def add_to(app: typer.Typer) -> None:
    """Add this package's verbs to the command."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup is written; it must not exist.")],
    data: DataOption = None,
) -> None:
    """Write database, keys and options to one file, while the installation runs. Keep it as safe as the keys in it."""
    from opulse.cli.keep.archive import KEYS, ArchiveRefused
    from opulse.cli.keep.backing_up import back_up
    from opulse.clock import SystemClock
    from opulse.db.copying import CopyDamaged
    from opulse.settings import load_settings

    try:
        manifest = asyncio.run(back_up(load_settings(data), file, SystemClock()))
    except (ArchiveRefused, CopyDamaged, ValueError, OSError) as error:
        typer.echo(f"opulse backup: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{file}: {_contents(manifest)}, {file.stat().st_size:,} bytes")
    if KEYS not in manifest.digests:
        typer.echo("The keys come from OPULSE_SECRET_KEY and are not in the file: keep that too.")


def restore(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A file that `opulse backup` wrote.")
    ],
    data: DataOption = None,
) -> None:
    """Make an installation from a backup, in an empty folder or database. It mails nobody until you release that."""
    from opulse.cli.keep.archive import ArchiveRefused
    from opulse.cli.keep.restoring import TargetNotEmpty
    from opulse.cli.keep.restoring import restore as run
    from opulse.db.copying import CopyDamaged
    from opulse.settings import load_settings

    try:
        folder = load_settings(data).data
        manifest = asyncio.run(run(file, folder))
    except (ArchiveRefused, CopyDamaged, TargetNotEmpty, ValueError, OSError) as error:
        typer.echo(f"opulse restore: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"Restored {_contents(manifest)}, as of {manifest.created_at}, into {folder}")
    typer.echo(
        "Sending is held: mails that waited then may have left since. Release it under Tenant Information."
    )
    typer.echo(f"Start it:  opulse serve --data {folder}")


def _contents(manifest: Manifest) -> str:
    filled = sum(count > 0 for count in manifest.rows.values())
    return f"{sum(manifest.rows.values()):,} rows of {filled} tables"
