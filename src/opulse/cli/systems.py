"""``opulse systems import``: send a file of systems or people to a server and follow it to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

systems_app = typer.Typer(help="Systems and the people who use them.", no_args_is_help=True)

_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".ldif": "ldif",
}
_PIECE = 256_000
_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(systems_app, name="systems")


@systems_app.callback()
def _only_verbs() -> None:
    """Systems and the people who use them."""


@systems_app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON, NDJSON or LDIF in UTF-8.", exists=True, dir_okay=False)
    ],
    key: Annotated[str, typer.Option(help="Integration key of the tenant; better in a file.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    server: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8080",
    kind: Annotated[str, typer.Option(help="What the file holds: devices or people.")] = "devices",
    form: Annotated[
        str, typer.Option("--format", help="csv, json, ndjson or ldif; empty: by the file's name.")
    ] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file: target: field of the file.", exists=True)
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until every record is taken or refused.")] = True,
) -> None:
    """Send a file; say what became of it. Ends with 1 when a record was refused, with 2 when nothing could be sent."""
    import httpx2

    asked: dict[str, Any] = {"kind": kind, "format": form or _FORMATS.get(file.suffix.lower(), "csv")}
    asked["map"] = [f"{target}={source}" for target, source in _read_mapping(mapping).items()]
    headers = {"X-API-TOKEN": _read_key(key, key_file)}
    try:
        with httpx2.Client(base_url=server, headers=headers, timeout=600) as client:
            one = _checked(client.post("/api/v1/systems/imports", params=asked, content=_pieces(file)))
            while wait and one["state"] == "running":
                time.sleep(0.5)
                one = _checked(client.get(f"/api/v1/systems/imports/{one['id']}"))
            typer.echo(
                f"{one['state']}: {one['created']} added, {one['updated']} updated, {one['unchanged']} unchanged, "
                f"{one['refused']} refused (import {one['id']})"
            )
            if one["refused"]:
                asked = {"limit": _SHOWN}
                for row in _checked(client.get(f"/api/v1/systems/imports/{one['id']}/refused", params=asked)):
                    typer.echo(f"line {row['line']}: {row['who']}: {row['reason']}", err=True)
                raise typer.Exit(1)
    except httpx2.HTTPError as error:
        typer.echo(f"opulse systems import: {server} cannot be reached: {error}", err=True)
        raise typer.Exit(2) from error


def _read_key(key: str, path: Path | None) -> str:
    try:
        found = path.read_text(encoding="utf-8").strip() if path else key.strip()
    except OSError as error:
        typer.echo(f"opulse systems import: {path}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    if not found:
        typer.echo("opulse systems import: it needs an integration key: --key-file FILE or --key", err=True)
        raise typer.Exit(2)
    return found


def _read_mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        typer.echo(f"opulse systems import: {path}: {error}", err=True)
        raise typer.Exit(2) from error
    if not isinstance(read, dict) or not all(isinstance(one, str) for pair in read.items() for one in pair):
        typer.echo(f"opulse systems import: {path}: write one 'target: field' per line.", err=True)
        raise typer.Exit(2)
    return read


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _checked(answer: Any) -> Any:
    if answer.status_code >= 400:
        kind = answer.headers.get("content-type", "")
        said = (
            answer.json().get("detail") or answer.json().get("title") if "json" in kind else answer.text[:200]
        )
        typer.echo(f"opulse systems import: {answer.status_code}: {said}", err=True)
        raise typer.Exit(2)
    return answer.json()
