"""``opulse import systrack``: the names of a real SysTrack's sensors and groups, into a running installation."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from opulse.cli.asking import ask
from opulse.cli.configuration import LOCAL, Key, KeyFile, Server
from opulse.cli.importing import import_app

PATH = "/api/v1/systrack-names"


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    import_app.command("systrack")(import_systrack)


def import_systrack(
    workflow: Annotated[
        str,
        typer.Option(
            help="Id of the workflow whose Operational Pulse task says where to ask; empty: the only one."
        ),
    ] = "",
    sensors: Annotated[bool, typer.Option(help="Take the names of sensors.")] = True,
    groups: Annotated[bool, typer.Option(help="Take the names of groups.")] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Say what would be taken, and change nothing.")
    ] = False,
    server: Server = LOCAL,
    key: Key = "",
    key_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Add a sensor and a group for each name that SysTrack has and this installation has not.

    Ends with 1 when a name was left or a condition names a sensor that SysTrack has not; with 2 when it could not be asked.
    """
    body = {"workflow_id": workflow, "sensors": sensors, "groups": groups, "check": check}
    try:
        secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
        done = ask(server, secret, PATH, json=body, timeout=120)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse import: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else _words(done))
    if done["unheard"] or done["sensors"]["left"] or done["groups"]["left"]:
        raise typer.Exit(1)


def _words(done: dict[str, Any]) -> str:
    lines = []
    for what in ("sensors", "groups"):
        names = done[what]
        lines += [f"+ {name}" for name in names["added"]]
        lines += [f"! {one['name']}: {one['why']}" for one in names["left"]]
        added = "would be added" if done["checked_only"] else "added"
        lines.append(f"{what}: {len(names['added'])} {added}, {len(names['known'])} here already")
    lines += [
        f"! {one['workflow']} waits for {one['sensor']}, which {done['host']} has not"
        for one in done["unheard"]
    ]
    return "\n".join(lines)
