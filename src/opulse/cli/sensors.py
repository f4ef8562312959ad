"""``opulse sensors list``: the catalogue that this version ships."""

from __future__ import annotations

import json
from typing import Annotated

import msgspec
import typer

sensors_app = typer.Typer(help="The sensors that this version knows.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(sensors_app, name="sensors")


@sensors_app.command("list")
def list_sensors(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    search: Annotated[str, typer.Option(help="Only names that contain this.")] = "",
) -> None:
    """Print every sensor: name, severity, whether it has instances, and where our own agent evaluates it."""
    from opulse.catalogue import load_catalogue

    wanted = search.strip().casefold()
    catalogue = load_catalogue()
    found = [sensor for sensor in catalogue if wanted in sensor.name.casefold()]
    if as_json:
        rows = [
            {
                "name": sensor.name,
                "category": sensor.category,
                "help": sensor.help,
                "severity": sensor.severity,
                "instanced": sensor.instanced,
                "kind": sensor.kind.value,
                "source": sensor.source,
                "condition": msgspec.to_builtins(sensor.condition),
                "clear": msgspec.to_builtins(sensor.clear),
                "variables": sensor.variables,
                "platforms": [platform.value for platform in sensor.platforms],
                "evaluated_on": [platform.value for platform in sensor.evaluated_on],
                "limits": sensor.limits.value,
            }
            for sensor in found
        ]
        typer.echo(json.dumps(rows))
        return
    for category in dict.fromkeys(sensor.category for sensor in found):
        typer.echo(f"\n{category}")
        for sensor in (one for one in found if one.category == category):
            ours = ", ".join(platform.value for platform in sensor.evaluated_on)
            typer.echo(f"  {sensor.name}{f'  [our agent: {ours}]' if ours else ''}")
    typer.echo(f"\n{len(found)} of {len(catalogue)} sensors.")
