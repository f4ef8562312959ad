"""The directory and the console at size: import beside the database's own, pages of a large directory and of a large incident."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import httpx2

from bench.databases import on_each
from bench.figures import Figure, Goal, Scope, ratios
from bench.folk import csv_of, rows_of
from bench.past_incident import build
from bench.peers import copy as peer
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock, SystemClock
from opulse.db import open_database, stored_instant
from opulse.experience.directory import views
from opulse.experience.directory.flow.importing import receive_file, take_file
from opulse.experience.directory.flow.lists import create_directory
from opulse.experience.directory.flow.taking import Destination
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import create_tenant
from tests.edges.console import open_console
from tests.servers.installation import open_ports
from tests.servers.postgres import PostgresServer

AFFECTED = 100_000  # of the incident whose pages are opened
TRIES = 5
SEARCHES = ("", "?search=s", "?search=schm", "?search=m77", "?search=nobody.at.all")


async def measure(scope: Scope) -> list[Figure]:
    import_stores()

    async def measured(_: str, server: PostgresServer | None) -> list[Figure]:
        return [*await _imports(scope, server), *await _incident(scope, server)]

    return await on_each(scope, measured, durable=True)  # we commit often, COPY once


async def _imports(scope: Scope, server: PostgresServer | None) -> list[Figure]:
    count = scope.pick(100_000, 1_000_000)
    ours, theirs, pages = [], [], []
    for run in range(scope.runs):
        address = _address(scope.folder / f"raw{run}", server)
        theirs.append(await _raw(address, count))
        address = _address(scope.folder / f"ours{run}", server)
        async with _installation(address) as (ports, _), open_console(ports) as console:
            made = await create_directory(ports, console.tenant, "People", "bench")
            where = Destination(console.tenant, made.id, "", raise_events=False)
            ours.append(await _take(ports, where, count))
            base = f"/directory/{made.id}"
            pages.append(await _time(console.viewer, [f"{base}{search}" for search in SEARCHES]))
    faster = ratios([count / one for one in ours], [count / one for one in theirs])
    slowest = [max(run.values()) for run in pages]
    return [
        Figure(
            "import_vs_copy",
            faster,
            "x",
            f"import of {count:,} contacts by CSV, beside the same rows written raw",
            Goal(at_least=0.33),
            f"{count / median(ours):,.0f} rows/s, raw {count / median(theirs):,.0f} rows/s",
        ),
        Figure(
            "directory_page_ms",
            tuple(slowest),
            "ms",
            f"slowest list or search page of {count:,} contacts",
            Goal(at_most=100),
            detail={"pages": pages},
        ),
    ]


def _address(data: Path, server: PostgresServer | None) -> str:
    """Of an empty database."""
    return server.url(server.create_database()) if server is not None else f"sqlite:///{data / 'opulse.db'}"


@asynccontextmanager
async def _installation(address: str) -> AsyncIterator[tuple[Ports, ManualClock]]:
    """Ports over the database, which has every table then."""
    clock = ManualClock(SystemClock().now())
    db = await open_database(address)
    try:
        await migrate(db)
        async with open_ports(db, clock) as ports:
            yield ports, clock
    finally:
        await db.close()


async def _raw(address: str, count: int) -> float:
    async with _installation(address) as (ports, clock):
        tenant = (await create_tenant(ports, "Raw", "bench")).id
        directory = (await create_directory(ports, tenant, "People", "bench")).id
    sqlite = address.startswith("sqlite")
    rows = rows_of(count, tenant, directory, stored_instant(clock.now()), as_numbers=sqlite)
    if sqlite:
        return await asyncio.to_thread(peer.executemany, Path(address.removeprefix("sqlite:///")), rows)
    return await peer.copy(address, rows)


async def _take(ports: Ports, where: Destination, count: int) -> float:
    """Seconds from the first byte of the file to its last row, durable. The file is made before, as the raw rows are."""
    file = list(csv_of(count))

    async def pieces() -> AsyncIterator[bytes]:
        for piece in file:
            yield piece

    began = time.perf_counter()
    one = await receive_file(ports, where, pieces(), "bench")
    await take_file(ports, where.tenant, one.id)
    took = time.perf_counter() - began
    done = await ports.db.read(views.find_import, where.tenant, one.id)
    assert done is not None, "it was received"
    assert (done.created, done.refused) == (count, 0), done
    return took


async def _incident(scope: Scope, server: PostgresServer | None) -> list[Figure]:
    people = AFFECTED
    address = _address(scope.folder / "incident", server)
    async with _installation(address) as (ports, clock), open_console(ports) as console:
        survey = await create_survey(ports, console.tenant, "Pulse", recommended_pulse(), "bench")
        await publish_survey(ports, console.tenant, survey.id, "bench")
        activation = await build(ports, clock, console.tenant, people, survey.id)
        base = f"/activations/{activation}"
        addresses = [
            f"{base}/journey",
            f"{base}/ledger",
            f"{base}/result",
            f"/why?activation={activation}&q=p777",
        ]
        pages = await _time(console.editor, addresses)
    return [
        Figure(
            "incident_page_ms",
            (max(pages.values()),),
            "ms",
            f"slowest console page of an incident with {people:,} affected",
            Goal(at_most=300),
            ", ".join(f"{name.rsplit('/', 1)[-1].partition('?')[0]} {ms:.0f}" for name, ms in pages.items()),
            {"pages": pages, "people": people},
        )
    ]


async def _time(client: httpx2.AsyncClient, addresses: Sequence[str]) -> dict[str, float]:
    found = {}
    for address in addresses:
        took = []
        for _ in range(TRIES):
            began = time.perf_counter()
            answer = await client.get(address)
            took.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code == 200, (address, answer.status_code)
        found[address] = median(took)
    return found
