"""``opulse doctor``: ask a running installation what does not fit together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from opulse.cli.asking import fetch

FAULTS, UNABLE = 1, 2


def add_to(app: typer.Typer) -> None:
    """Add this module's verb to the command."""
    app.command("doctor")(doctor)


def doctor(
    server: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8080",
    key: Annotated[str, typer.Option(help="Key of the tenant; others of this machine may see it.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of GET /api/v1/doctor.")] = False,
) -> None:
    """Say what does not fit together, why it matters and what mends it. Ends with 0, with 1 where there are faults, else 2."""
    try:
        secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
        found = json.loads(fetch(server, secret, "/api/v1/doctor"))
    except (ValueError, OSError) as error:
        typer.echo(f"opulse doctor: {error}", err=True)
        raise typer.Exit(UNABLE) from error
    typer.echo(json.dumps(found) if as_json else _words(found))
    if any(one["severity"] == "fault" for one in found["findings"]):
        raise typer.Exit(FAULTS)


def _words(found: dict[str, Any]) -> str:
    lines = [
        f"{one['severity'].upper()} {one['subject_kind']} {one['subject']}: {one['what']}\n"
        f"  why: {one['why']}\n  mend: {one['mend']}"
        for one in found["findings"]
    ]
    lines += [f"Not seen in time: {name}." for name in found["unseen"]]
    return "\n".join([*lines, f"{len(found['findings'])} finding(s)."])
