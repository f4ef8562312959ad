"""``opulse emulate qualtrics``: a stand-in for a Qualtrics brand, to rehearse against."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

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
    from opulse.emulators.qualtrics.fieldwork import Answering

_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%", re.ASCII)
_DELAY: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)s(?:\.\.(\d{1,6}(?:\.\d+)?)s)?", re.ASCII)


def emulate_qualtrics(
    port: PortOption = 8091,
    host: HostOption = "127.0.0.1",
    url: UrlOption = "",
    faults: FaultsOption = "",
    seed: SeedOption = 1,
    log: LogOption = None,
    survey: Annotated[
        Path | None, typer.Option(help="Survey file (QSF) of its survey; a pulse of its own if left out.")
    ] = None,
    answering: Annotated[
        str, typer.Option(help="Share of those asked who answer, for example 60%. No mail leaves.")
    ] = "60%",
    delay: Annotated[
        str, typer.Option(help="How long after the mail they answer: 30s, or 2s..30s.")
    ] = "2s..30s",
    event_needs_token: Annotated[
        bool, typer.Option("--event-needs-token", help="The JSON event wants the API token in X-API-TOKEN.")
    ] = False,
) -> None:
    """Serve a stand-in for Qualtrics: directory, survey, distributions, people who answer, responses, subscriptions, JSON event.

    It holds everything in memory and begins without contacts; the same seed gives the same ids, tokens and answers.
    """

    def make(bench: Bench) -> Product:
        from opulse.emulators.qualtrics import Options, QualtricsStandIn

        held = survey.read_bytes() if survey is not None else b""
        options = Options(
            survey=held, answering=_answering(answering, delay), event_needs_token=event_needs_token
        )
        return QualtricsStandIn(bench, options)

    run_emulator(make, host, port, url, faults, seed, log)


def _answering(share: str, delay: str) -> Answering:
    from opulse.emulators.qualtrics.fieldwork import Answering

    part, times = _SHARE.fullmatch(share), _DELAY.fullmatch(delay)
    if part is None or float(part[1]) > 100:
        raise ValueError(f"--answering {share}: say a share up to 100%, for example 60%")
    if times is None or float(times[2] or times[1]) < float(times[1]):
        raise ValueError(f"--delay {delay}: say 30s, or 2s..30s with the shorter time first")
    return Answering(float(part[1]) / 100, float(times[1]), float(times[2] or times[1]))


def add_to(app: typer.Typer) -> None:
    """Add this module's verb to ``opulse emulate``."""
    app.command("qualtrics")(emulate_qualtrics)
