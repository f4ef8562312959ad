"""``opulse agent run`` and ``opulse agent sensors``: the agent's own command, within the product's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STATE_FILE = Path.home() / ".local/state/opulse-agent/state.json"

agent_app = typer.Typer(help="Evaluate this machine's sensors.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    app.add_typer(agent_app, name="agent")


@agent_app.command()
def run(
    server: Annotated[
        str,
        typer.Option(
            envvar="OPULSE_AGENT_SERVER",
            help="Address of the installation, for example https://pulse.example.org.",
        ),
    ],
    key: Annotated[str, typer.Option(envvar="OPULSE_AGENT_KEY", help="Agent key of this system.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
    ] = None,
    state_file: Annotated[Path, typer.Option(help="Where batch number and last plan are kept.")] = STATE_FILE,
    report_users: Annotated[
        bool, typer.Option("--users/--no-users", help="Say which accounts are logged on to this system.")
    ] = True,
    show_prompts: Annotated[
        bool,
        typer.Option(
            "--prompts/--no-prompts", help="Show people the questions that the installation has for them."
        ),
    ] = True,
) -> None:
    """Evaluate sensors each minute and tell the installation, until Ctrl-C or SIGTERM."""
    from opulse.agent.command import run_until_stopped

    try:
        run_until_stopped(
            server, key, key_file, state_file, report_users=report_users, show_prompts=show_prompts
        )
    except (ValueError, OSError) as error:
        typer.echo(f"opulse agent: {error}", err=True)
        raise typer.Exit(2) from error


@agent_app.command()
def sensors(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Read every sensor that this machine has a source for, once. An absent source says why."""
    from opulse.agent.command import show_sensors

    show_sensors(as_json_array=as_json)
