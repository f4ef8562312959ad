"""``opulse emulate qualtrics``: a stand-in for a Qualtrics brand, to rehearse against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from opulse.cli.emulate.frame import (
    FaultsOption,
    HostOption,
    LogOption,
    PortOption,
    SeedOption,
    UrlOption,
    run_emulator,
)

if TYPE_CHECKING:
    from opulse.emulators.product import Bench, Product


def emulate_qualtrics(
    port: PortOption = 8091,
    host: HostOption = "127.0.0.1",
    url: UrlOption = "",
    faults: FaultsOption = "",
    seed: SeedOption = 1,
    log: LogOption = None,
) -> None:
    """Serve a stand-in for Qualtrics: sign-in, an XM Directory with a mailing list, search and bulk imports.

    It holds everything in memory and begins empty; the same seed gives the same ids and tokens.
    """
    run_emulator(_make, host, port, url, faults, seed, log)


def _make(bench: Bench) -> Product:
    from opulse.emulators.qualtrics import QualtricsStandIn

    return QualtricsStandIn(bench.url, bench.clock, bench.seed)


def add_to(app: typer.Typer) -> None:
    """Add this module's verb to ``opulse emulate``."""
    app.command("qualtrics")(emulate_qualtrics)
