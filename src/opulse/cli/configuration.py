"""``opulse export config`` and ``opulse import config``: the configuration of a tenant of a running installation, as YAML."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from opulse.cli.asking import ask, fetch
from opulse.cli.importing import import_app

PATH = "/api/v1/configuration"
SHOWN = 120  # characters of a value
SIGNS = {"added": "+", "changed": "~", "removed": "-", "left": "=", "over": "="}
WHY = {
    "left": "stays: such things are never removed by an import",
    "over": "is over already, and is not made",
}
Server = Annotated[str, typer.Option(help="Address of the installation.")]
Key = Annotated[str, typer.Option(help="Integration key of the tenant; others of this machine may see it.")]
KeyFile = Annotated[
    Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
]
LOCAL = "http://127.0.0.1:8080"

export_app = typer.Typer(help="Take out what an installation knows.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(export_app, name="export")


@export_app.callback()
def take_out() -> None:
    """Take out what an installation knows."""


@export_app.command("config")
def export_config(
    out: Annotated[Path | None, typer.Option(help="File to write; without it the text is printed.")] = None,
    server: Server = LOCAL,
    key: Key = "",
    key_file: KeyFile = None,
) -> None:
    """Write everything that administrators made as YAML. No secret, no person and no system stands in it."""
    try:
        text = fetch(server, _secret(key, key_file), PATH)
        if out is None:
            sys.stdout.buffer.write(text)
        else:
            out.write_bytes(text)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse export: {error}", err=True)
        raise typer.Exit(2) from error


@import_app.command("config")
def import_config(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The YAML of an export.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what the sections of the file do not name.")
    ] = False,
    open_mail: Annotated[
        bool, typer.Option("--open-mail", help="The file may open mail to everybody.")
    ] = False,
    secrets_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="YAML: path of a secret as the import names it → the secret."
        ),
    ] = None,
    server: Server = LOCAL,
    key: Key = "",
    key_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Make an installation what the file says: all of it, or nothing. Missing secrets are asked for on a terminal."""
    try:
        request = {
            "document": file.read_text(encoding="utf-8"),
            "secrets": _secrets(secrets_file),
            "dry_run": dry_run,
            "prune": prune,
            "open_mail": open_mail,
        }
        secret = _secret(key, key_file)
        done = ask(server, secret, f"{PATH}/import", timeout=600, json=request)
        missing = done["missing_secrets"]
        if missing and not dry_run and sys.stdin.isatty() and not as_json:
            typed = {path: typer.prompt(path, hide_input=True, err=True) for path in missing}
            request["secrets"] = {**_secrets(secrets_file), **typed}
            request["expect"] = done["token"]
            done = ask(server, secret, f"{PATH}/import", timeout=600, json=request)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse import: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(done) if as_json else describe(done, dry_run=dry_run))
    if done["missing_secrets"] and not dry_run:
        raise typer.Exit(2)


def describe(done: dict[str, Any], *, dry_run: bool) -> str:
    """The difference in words: what is added, changed value by value, removed."""
    lines = []
    for one in done["changes"]:
        why = f" {WHY[one['doing']]}" if one["doing"] in WHY else ""
        lines.append(f"{SIGNS[one['doing']]} {one['section']}/{one['key']}{why}")
        if one["doing"] == "changed":
            lines += [
                f"    {f['path']}: {_short(f['before'])} -> {_short(f['after'])}" for f in one["fields"]
            ]
    lines += [
        f"? {path}: this secret is not here; give it in --secrets-file" for path in done["missing_secrets"]
    ]
    counts = {doing: sum(one["doing"] == doing for one in done["changes"]) for doing in SIGNS}
    total = f"{counts['added']} added, {counts['changed']} changed, {counts['removed']} removed"
    return "\n".join([*lines, f"{total}. {_end(done, counts, dry_run)}"])


def _end(done: dict[str, Any], counts: dict[str, int], dry_run: bool) -> str:
    if done["applied"]:
        return "All of it was taken."
    if not counts["added"] + counts["changed"] + counts["removed"]:
        return "Nothing differs."
    if done["missing_secrets"]:
        return "Nothing was changed: secrets are missing."
    return "Nothing was changed: this was a dry run." if dry_run else "Nothing was changed."


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def _secret(key: str, key_file: Path | None) -> str:
    return key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()


def _secrets(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    import yaml

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is not YAML: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{file} is no list of paths, each with a secret in quotes")
    return {str(path): value for path, value in found.items()}
