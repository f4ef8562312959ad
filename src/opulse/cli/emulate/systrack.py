"""``opulse emulate systrack``: SysTrack Cloud as our survey side meets it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

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

Kind = TypeVar("Kind", bound=StrEnum)


def add_to(app: typer.Typer) -> None:
    """Add this module's verb to ``opulse emulate``."""
    app.command("systrack")(systrack)


def systrack(
    port: PortOption = 8090,
    host: HostOption = "127.0.0.1",
    url: UrlOption = "",
    faults: FaultsOption = "",
    seed: SeedOption = 1,
    log: LogOption = None,
    systems: Annotated[int, typer.Option(help="Systems of the estate, one person in front of each.")] = 1000,
    shape: Annotated[
        str, typer.Option(help="Form of the affected-systems answer: object, array, value or items.")
    ] = "object",
    users: Annotated[
        str, typer.Option(help="Where users are told: page, email (one address on the system) or apart.")
    ] = "page",
    page_size: Annotated[int, typer.Option(help="The most systems of one page.", min=1)] = 1000,
    send_to: Annotated[
        list[str] | None, typer.Option(help="Address of a JSON event; webhooks go there. May be repeated.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(help="Header of each webhook, for example 'X-API-TOKEN: ...'. May be repeated."),
    ] = None,
    secret: Annotated[
        str,
        typer.Option(
            envvar="EMULATED_SECRET",
            help="Signed Secret of the webhooks; in the environment others of this machine do not see it.",
        ),
    ] = "",
    affected: Annotated[
        int, typer.Option(help="Begin an incident on so many systems at once; 0: wait for the command.")
    ] = 0,
    sensor: Annotated[
        list[str] | None, typer.Option(help="Sensor of that incident; Application Hang if left out.")
    ] = None,
    joining: Annotated[float, typer.Option(help="Systems that join that incident each minute.")] = 0.0,
    most: Annotated[int, typer.Option(help="It grows to so many systems.")] = 0,
    test_webhook: Annotated[
        bool, typer.Option("--test-webhook", help="Send what Test Webhook sends, without X-Test, first.")
    ] = False,
    token_seconds: Annotated[int, typer.Option(help="Life of a token.", min=61)] = 3600,
) -> None:
    """Serve a stand-in for SysTrack Cloud: token URL, affected systems, sensors, groups, webhooks."""

    def make(bench: Bench) -> Product:
        from opulse.emulators.systrack import Options, Shape, SysTrackCloud, UsersIn
        from opulse.emulators.systrack.product import Incident

        options = Options(
            systems=systems,
            shape=_one_of(Shape, "--shape", shape),
            users=_one_of(UsersIn, "--users", users),
            token_seconds=token_seconds,
            page_size=page_size,
            headers=_headers(header or []),
            secret=secret,
        )
        incident = (
            Incident(tuple(sensor or ["Application Hang"]), affected, joining, most) if affected else None
        )
        return SysTrackCloud(bench, options, send_to or [], incident, test_first=test_webhook)

    run_emulator(make, host, port, url, faults, seed, log)


def _one_of(kinds: type[Kind], option: str, text: str) -> Kind:
    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(str(one) for one in kinds)
        raise ValueError(f"{option} {text}: choose one of {known}") from None


def _headers(texts: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"--header {text!r}: say Name: value")
        found.append((name.strip(), value.strip()))
    return tuple(found)
