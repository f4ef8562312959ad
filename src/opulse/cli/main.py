"""The command's verbs. Heavy modules are imported inside them, so that help is quick."""

from __future__ import annotations

import typer

from opulse import __version__
from opulse.cli import (
    admin,
    agent,
    configuration,
    demo,
    doctor,
    emulate,
    importing,
    keep,
    qsf,
    replay,
    sensors,
    serve,
    systems,
    systrack,
)

app = typer.Typer(
    name="opulse",
    help="Ask the people in front of failing machines, at once, what it does to their work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
serve.add_to(app)
admin.add_to(app)
demo.add_to(app)
agent.add_to(app)
sensors.add_to(app)
importing.add_to(app)
configuration.add_to(app)
qsf.add_to(app)
systrack.add_to(app)
replay.add_to(app)
doctor.add_to(app)
systems.add_to(app)
emulate.add_to(app)
keep.add_to(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Entry point of the command ``opulse``."""
    app()
