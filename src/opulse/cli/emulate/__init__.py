"""``opulse emulate systrack`` and ``opulse emulate qualtrics``: stand-ins for the real products, with faults on demand.

One module per product adds its command to ``emulate_app``; ``frame`` serves it.
"""

from __future__ import annotations

import typer

from opulse.cli.emulate import qualtrics, systrack

emulate_app = typer.Typer(
    help="Serve a stand-in for a real product, with faults on demand.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    systrack.add_to(emulate_app)
    qualtrics.add_to(emulate_app)
    app.add_typer(emulate_app, name="emulate")
