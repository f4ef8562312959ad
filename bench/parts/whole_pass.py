"""From the crossing change to the last mail: everybody rendered individually, contacts, decisions, ledger and all.

Beside it, in the same run, ``smtp-source`` sends as many mails of the same size over as many connections, and does nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import quantiles

from bench import report
from bench.estate import make_estate, make_tenant
from bench.figures import Figure, Goal, Scope, ratios
from bench.incident import Pass, Served, run
from bench.peers.smtp_source import Sink, send
from opulse.cli.demo.calling import ApiClient
from opulse.db import open_database
from tests.servers.opulse import OpulseProcess
from tests.servers.postgres import PostgresServer
from tests.unit.mail.domain_key import DOMAIN, SELECTOR, private_pem

CONNECTIONS = 48
FEW = 2_000
FIRST_MAILS = 30  # passes of FEW, of which the first mail is taken
LOOKED_AT = 1_000  # mails that are parsed and compared


async def measure(scope: Scope) -> list[Figure]:
    """The figures of every dialect in scope; those of SQLite, the default, carry the plain keys."""
    figures: list[Figure] = []
    for dialect in scope.dialects:
        sink = Sink()
        try:
            async with _served(scope.folder / dialect, dialect, sink.port) as served:
                figures += await _measure_one(scope, dialect, served, sink)
            print(report.table(figures), file=sys.stderr, flush=True)  # what follows takes long and may fail
        finally:
            sink.remove()
    return figures


async def _measure_one(scope: Scope, dialect: str, served: Served, sink: Sink) -> list[Figure]:
    """The headline wants 100,000; growth wants two sizes ten times apart."""
    sizes = [FEW, 100_000, 20_000, 200_000] if scope.quick else [FEW, 100_000, 1_000_000]
    async with ApiClient(served.url, served.key) as api:
        few, many, *growth = await make_estate(api, sizes)
    await run(served, few, 1)
    size = sink.check(LOOKED_AT)
    sink.keep_nothing()
    mark = "" if dialect == "sqlite" else f"_{dialect}"
    passes, theirs = [], []
    for number in range(scope.runs):
        passes.append(await run(served, many, 101 + 2 * number))
        theirs.append(send(sink.port, len(many.systems), size, CONNECTIONS))
    smaller = passes if not scope.quick else [await run(served, growth[0], 201)]
    larger = await run(served, growth[-1], 301)
    signed = await _signed_seconds(scope, dialect, sink)
    firsts = [(await run(served, few, 1_001 + 2 * number)).first_mail for number in range(FIRST_MAILS)]
    return [
        _headline(mark, passes, theirs, size),
        _signed(mark, signed),
        _peak(mark, passes),
        _growth(mark, smaller, larger),
        _first_mail(mark, firsts),
    ]


async def _signed_seconds(scope: Scope, dialect: str, sink: Sink) -> float:
    """An incident of FEW people whose mails an installation of its own signs."""
    key = private_pem()
    options = {"dkim_key": key, "dkim_selector": SELECTOR, "dkim_domain": DOMAIN}
    async with _served(scope.folder / f"{dialect}-signed", dialect, sink.port, **options) as served:
        async with ApiClient(served.url, served.key) as api:
            warm_up, few = await make_estate(api, [50, FEW])
        await run(served, warm_up, 1)
        return (await run(served, few, 101)).last_mail


def _signed(mark: str, seconds: float) -> Figure:
    return Figure(
        f"signed_mails_per_s{mark}",
        (FEW / seconds,),
        "mails/s",
        f"the same with each mail signed by us (DKIM, RSA 2048), {FEW:,} people{_on(mark)}",
        detail={"seconds": seconds},
    )


def _headline(mark: str, passes: list[Pass], theirs: list[float], size: int) -> Figure:
    ours = [one.last_mail for one in passes]
    return Figure(
        f"pass100k_vs_smtp_source{mark}",
        ratios(ours, theirs),
        "x",
        f"100,000 people, crossing change to last mail: {min(ours):.1f} s{_on(mark)}",
        Goal(at_most=2.0),
        f"smtp-source {min(theirs):.1f} s for as many of {size} bytes, {CONNECTIONS} connections each",
        {"seconds": ours, "smtp_source_seconds": theirs, "bytes": size, "connections": CONNECTIONS},
    )


def _peak(mark: str, passes: list[Pass]) -> Figure:
    return Figure(
        f"pass100k_peak_mb{mark}",
        tuple(one.peak_mb for one in passes),
        "MB",
        f"memory of our processes during it, at most{_on(mark)}",
        Goal(at_most=500),
    )


def _growth(mark: str, smaller: list[Pass], larger: Pass) -> Figure:
    """Ten times as many people take how many times as long?"""
    few = smaller[0].people
    seconds = [one.last_mail for one in smaller]
    return Figure(
        f"growth_1m_over_100k{mark}",
        (larger.last_mail / sorted(seconds)[len(seconds) // 2],),
        "x",
        f"the time for {larger.people:,} people over that for {few:,}{_on(mark)}",
        Goal(at_most=11),
        f"{larger.last_mail:.1f} s, at most {larger.peak_mb:.0f} MB (goal for 1 M: 600)",
        {"seconds": larger.last_mail, "peak_mb": larger.peak_mb, "people": larger.people, "over": few},
    )


def _first_mail(mark: str, firsts: list[float]) -> Figure:
    return Figure(
        f"first_mail_p95_s{mark}",
        (quantiles(firsts, n=20)[-1],),
        "s",
        f"crossing change to first mail accepted, p95 of {len(firsts)} passes of {FEW:,}{_on(mark)}",
        Goal(at_most=1.0),
        detail={"seconds": firsts},
    )


def _on(mark: str) -> str:
    return " (PostgreSQL)" if mark else ""


@asynccontextmanager
async def _served(folder: Path, dialect: str, smtp_port: int, **more: str) -> AsyncIterator[Served]:
    with _database(folder, dialect) as url:
        key = await make_tenant(folder, database_url=url)
        options = {"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none", **more}
        process = OpulseProcess(
            folder,
            **options,
            smtp_connections=CONNECTIONS,
            mail_from="pulse@acme.example",
            log_level="warning",
            database_url=url,
        )
        process.start()
        reader = await open_database(url or f"sqlite:///{folder / 'opulse.db'}")
        try:
            yield Served(process.url, key, process.pid, reader)
        finally:
            await reader.close()
            process.stop()


@contextmanager
def _database(folder: Path, dialect: str) -> Iterator[str]:
    """The address of an empty PostgreSQL that writes to the disk; empty for SQLite."""
    if dialect == "sqlite":
        yield ""
        return
    server = PostgresServer(durable=True)
    try:
        yield server.url(server.create_database())
    finally:
        server.stop()
