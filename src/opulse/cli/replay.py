"""``opulse replay``: what a rule would have done over the sensor states that a running installation has stored."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from opulse.cli.asking import ask


def add_to(app: typer.Typer) -> None:
    """Add this module's verb to the command."""
    app.command("replay")(replay)


def replay(
    notification: Annotated[
        str,
        typer.Option(help="A saved notification's id, or a file (YAML or JSON) with the body of one."),
    ],
    start: Annotated[str, typer.Option("--from", help="ISO 8601, as 2026-03-02T08:00:00+01:00.")],
    end: Annotated[str, typer.Option("--to", help="ISO 8601. Without an offset the machine's own zone.")],
    server: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8080",
    key: Annotated[str, typer.Option(help="Key of the tenant; others of this machine may see it.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Say how often a rule would have activated, on whom, and how many people would have been asked. Changes nothing."""
    try:
        body = {"start": _moment(start), "end": _moment(end), **_rule(notification)}
        secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
        found = ask(server, secret, "/api/v1/replays", timeout=600, json=body)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse replay: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(found) if as_json else _words(found))


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is no time; write it as 2026-03-02T08:00:00+01:00") from error


def _rule(named: str) -> dict[str, Any]:
    file = Path(named)
    if not file.is_file():
        return {"notification_id": named}
    import yaml

    try:
        draft = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{named} is neither YAML nor JSON: {error}") from error
    if not isinstance(draft, dict):
        raise ValueError(f"{named} holds no notification: an object with name, sensors, group_id, activation")
    return {"notification": draft}


def _words(found: dict[str, Any]) -> str:
    lines = [_line(one) for one in found["activations"]]
    lines.append(
        f"{len(lines)} activation(s); {found['most_at_once']} system(s) at once at most;"
        f" {found['records']} stored record(s) read, the first of {found['first_record'] or 'none'}."
    )
    return "\n".join([*lines, *(f"- {caveat}" for caveat in found["caveats"])])


def _line(one: dict[str, Any]) -> str:
    names = ", ".join(one["systems"][:5]) + (", ..." if one["at_activation"] > 5 else "")
    return (
        f"{one['opened_at']} to {one['closed_at'] or 'the end'}: {one['at_activation']} system(s),"
        f" {one['ever']} in all, {one['people']} people: {names}"
    )
