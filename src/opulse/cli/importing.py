"""``opulse import prometheus-rules``: what other tools know, into a running installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from opulse.cli.asking import ask

import_app = typer.Typer(help="Bring in what other tools know.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(import_app, name="import")


@import_app.callback()
def bring_in() -> None:
    """Bring in what other tools know."""


@import_app.command("prometheus-rules")
def prometheus_rules(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Rule files of Prometheus (YAML).")
    ],
    server: Annotated[
        str, typer.Option(help="Address of the installation, for example https://pulse.example.org.")
    ] = "",
    key: Annotated[
        str, typer.Option(help="Integration key of the tenant; others of this machine may see it.")
    ] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing. Without a server the files alone are looked at.")
    ] = False,
    instanced: Annotated[
        bool, typer.Option("--instanced", help="The source that brings the alerts names an instance of each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Make a sensor of every alerting rule of some files. Ends with 1 when a rule was left."""
    try:
        secret = key_file.read_text(encoding="utf-8").strip() if key_file else key.strip()
        if not server and not check:
            raise ValueError("an import needs --server and a key; --check alone looks at the files")
        done: dict[str, Any] = {"checked_only": check, "added": [], "known": [], "left": [], "recording": 0}
        for file in files:
            try:
                text = file.read_bytes()
                one = _send(server, secret, text, check, instanced) if server else _look(text)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from error
            _add(done, one, file.name if len(files) > 1 else "")
    except (ValueError, OSError) as error:
        typer.echo(f"opulse import: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(done) if as_json else _words(done))
    if done["left"]:
        raise typer.Exit(1)


def _add(done: dict[str, Any], one: dict[str, Any], file: str) -> None:
    """A rule that stands in several files is added by the first of them."""
    seen = {name.casefold() for name in done["added"]}
    done["added"] += [name for name in one["added"] if name.casefold() not in seen]
    done["known"] += one["known"] + [name for name in one["added"] if name.casefold() in seen]
    done["left"] += [
        rule | {"where": f"{file}: {rule['where']}" if file else rule["where"]} for rule in one["left"]
    ]
    done["recording"] += one["recording"]


def _look(text: bytes) -> dict[str, Any]:
    """The file alone: which of its rules the catalogue knows is for the server to say."""
    from opulse.monitoring.sources.prometheus_rules import read_rules

    read = read_rules(text)
    return {
        "checked_only": True,
        "added": [rule.name for rule in read.rules],
        "known": [],
        "left": [
            {"where": one.where, "reason": one.problem.value, "detail": one.detail} for one in read.left
        ],
        "recording": read.recording,
    }


def _send(server: str, key: str, text: bytes, check: bool, instanced: bool) -> dict[str, Any]:
    query = {"check": str(check).lower(), "instanced": str(instanced).lower()}
    headers = {"Content-Type": "application/yaml"}
    return ask(server, key, "/api/v1/sources/prometheus-rules", params=query, content=text, headers=headers)


def _words(done: dict[str, Any]) -> str:
    verb = "would be added" if done["checked_only"] else "added"
    lines = [f"+ {name}" for name in done["added"]]
    lines += [f"! {one['where']}: {one['detail']}" for one in done["left"]]
    lines.append(
        f"{_counted(len(done['added']), 'sensor')} {verb}, {len(done['known'])} known already, "
        f"{_counted(len(done['left']), 'rule')} left, {_counted(done['recording'], 'recording rule')}."
    )
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
