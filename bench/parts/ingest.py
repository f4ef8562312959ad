"""Sensor states taken over HTTP, each durable before its 202.

Rows beside Alertmanager in memory, the packed form beside bare appends, single changes of many agents beside a POST that does
nothing.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text

from bench import wrk
from bench.databases import on_each
from bench.estates import add_keys, add_systems, guid_of, open_estate
from bench.figures import Figure, Goal, Scope, ratios
from bench.peers import alertmanager
from opulse.catalogue import load_catalogue
from opulse.db import open_database
from opulse.settings import load_settings
from opulse.tenancy.models import KeyKind
from opulse.wire.sensor_states_packed import (
    MEDIA_TYPE,
    PackedBatch,
    PackedLines,
    column,
    encode_packed,
    pack_guids,
)
from tests.servers.opulse import OpulseProcess
from tests.servers.postgres import PostgresServer
from tests.servers.processes import Server, accepts, free_port

SYSTEMS = 50_000
GATEWAYS = 32
AGENTS = 2_000
ROWS = 500
PACKED = 10_000
PACKED_SYSTEMS = 2_500
ROW_CONNECTIONS = 64
PACKED_CONNECTIONS = GATEWAYS  # a gateway waits for its answer before it sends the next batch
AGENT_CONNECTIONS = 256
PROCESSES = ("excel.exe", "outlook.exe", "msedge.exe", "teams.exe")
STATES = "/api/v1/sensor-states"
MARK = "#" * 18


@dataclass
class Measured:
    """Per run: changes or requests or bytes a second. ``answered`` counts our own answers."""

    answered: int = 0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)


async def measure(scope: Scope) -> list[Figure]:
    async def measured(dialect: str, postgres: PostgresServer | None) -> list[Figure]:
        return await _measure_on(scope, scope.folder / dialect, postgres)

    return await on_each(scope, measured, durable=True)


async def _measure_on(scope: Scope, place: Path, postgres: PostgresServer | None) -> list[Figure]:
    seconds = scope.pick(5, 15)
    data = place / "data"
    options = {} if postgres is None else {"database_url": postgres.url(postgres.create_database())}
    gateways, agents = await _provide(data, options)
    rows, packed, single = Measured(), Measured(), Measured()
    server = OpulseProcess(data, log_level="warning", **options)
    server.start()
    try:
        for run in range(scope.runs):
            folder = place / f"run-{run}"
            await _measure_rows(server.url, folder, gateways, seconds, rows)
            await _measure_packed(server.url, folder, gateways, seconds, packed)
            await _measure_single(server.url, folder, agents, seconds, single)
    finally:
        server.stop()
    await _see_that_all_were_new(data, options, rows, packed, single)
    return [
        Figure(
            "ingest_vs_alertmanager",
            ratios(rows.ours, rows.theirs),
            "x",
            f"sensor changes taken durably in batches of {ROWS} as JSON rows, to alerts that Alertmanager takes in memory",
            Goal(at_least=5),
            f"{rows.ours[-1]:,.0f} changes/s to {rows.theirs[-1]:,.0f} alerts/s",
            rows.notes,
        ),
        Figure(
            "ingest_vs_fsync_append",
            ratios(packed.ours, packed.theirs),
            "x",
            f"bytes taken durably in packed batches of {PACKED}, to the same bodies appended to a file with fdatasync",
            Goal(at_least=0.6),
            f"{packed.ours[-1] / 1e6:,.1f} MB/s to {packed.theirs[-1] / 1e6:,.1f} MB/s",
            packed.notes,
        ),
        Figure(
            "single_post_vs_noop",
            ratios(single.ours, single.theirs),
            "x",
            f"single changes posted durably by {AGENTS} agents with a key each, to POSTs that do nothing on the same server",
            Goal(at_least=0.5),
            f"{single.ours[-1]:,.0f}/s to {single.theirs[-1]:,.0f}/s",
            single.notes,
        ),
    ]


async def _provide(data: Path, options: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Keys of gateways that speak for every system, and of agents."""
    estate = await open_estate(data, **options)
    await add_systems(estate, SYSTEMS)
    gateways = await add_keys(estate, KeyKind.INTEGRATION, [()] * GATEWAYS)
    agents = await add_keys(estate, KeyKind.AGENT, [(guid_of(idx),) for idx in range(1, AGENTS + 1)])
    await estate.close()
    return gateways, agents


async def _see_that_all_were_new(data: Path, options: Mapping[str, str], *measured: Measured) -> None:
    """A batch whose name was sent before is answered from memory and written nowhere: such answers are not counted here."""
    db = await open_database(load_settings(data, **options).database)
    taken = await db.read(_count_batches)
    await db.close()
    answered = sum(one.answered for one in measured)
    if taken < answered:
        raise RuntimeError(f"{answered} batches were answered, but {taken} stand in the journal")


def _count_batches(conn: Connection) -> int:
    return int(conn.execute(text("SELECT count(*) FROM sensor_journal WHERE source <> ''")).scalar_one())


async def _measure_rows(url: str, folder: Path, keys: Sequence[str], seconds: int, into: Measured) -> None:
    said = list(_sayings(ROWS))
    alerts = wrk.Load([(wrk.as_json([_alert(*one) for one in lines]), b"") for lines in said], number="")
    with alertmanager.running(folder / "alertmanager") as (address, _):
        theirs = await _pushed(
            f"{address}/api/v2/alerts", alerts, folder / "alerts", ROW_CONNECTIONS, seconds
        )
    changes = wrk.Load([_split(wrk.as_json(_batch(lines))) for lines in said], keys=keys)
    ours = await _pushed(url + STATES, changes, folder / "rows", ROW_CONNECTIONS, seconds)
    into.ours.append(ours.per_second * ROWS)
    into.answered += ours.completed
    into.theirs.append(theirs.per_second * ROWS)
    into.notes |= {"ours_p99_ms": ours.p99_ms, "theirs_p99_ms": theirs.p99_ms}


async def _measure_packed(url: str, folder: Path, keys: Sequence[str], seconds: int, into: Measured) -> None:
    bodies = [_split(_packed(gateway)) for gateway in range(GATEWAYS)]
    size = len(b"".join(bodies[0])) + len(MARK)
    load = wrk.Load(bodies, MEDIA_TYPE, keys)
    load.write(folder / "packed", "")
    before = await _appended(folder / "packed", seconds)
    ours = await _pushed(url + STATES, load, folder / "packed", PACKED_CONNECTIONS, seconds)
    after = await _appended(folder / "packed", seconds)  # the disk of a shared machine is not the same twice
    into.ours.append(ours.per_second * size)
    into.answered += ours.completed
    into.theirs.append((before + after) / 2 * size)
    into.notes |= {"body_bytes": size, "ours_p99_ms": ours.p99_ms, "changes_per_s": ours.per_second * PACKED}


async def _measure_single(url: str, folder: Path, keys: Sequence[str], seconds: int, into: Measured) -> None:
    changes = [
        {"sensor": sensor.name, "triggered": True} for sensor in load_catalogue() if not sensor.instanced
    ]
    bodies = [_split(wrk.as_json({"batch": MARK, "seq": 1, "changes": [one]})) for one in changes[:16]]
    load = wrk.Load(bodies, keys=keys)
    with _bare(folder) as address:
        theirs = await _pushed(address, load, folder / "bare", AGENT_CONNECTIONS, seconds)
    ours = await _pushed(url + STATES, load, folder / "single", AGENT_CONNECTIONS, seconds)
    into.ours.append(ours.per_second)
    into.answered += ours.completed
    into.theirs.append(theirs.per_second)
    into.notes |= {"ours_p99_ms": ours.p99_ms, "theirs_p99_ms": theirs.p99_ms}


async def _pushed(url: str, load: wrk.Load, folder: Path, connections: int, seconds: int) -> wrk.Throughput:
    """After a warm-up (keys read, tables in memory). No two runs of a gateway share the name of a batch: a repeated one is
    another case."""
    name = f"{folder.name[0]}{folder.parent.name[-6:]:>6}"
    await wrk.run(url, load.write(folder, f"w{name}"), connections, 2)
    done = await wrk.run(url, load.write(folder, f"m{name}"), connections, seconds)
    if done.failed:
        raise RuntimeError(f"{url}: {done.failed} of {done.completed} requests failed")
    return done


async def _appended(folder: Path, seconds: int) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.peers.append_fsync",
        str(folder),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    return float(told)


@contextmanager
def _bare(folder: Path) -> Iterator[str]:
    port = free_port()
    server = Server([sys.executable, "-m", "bench.peers.bare_asgi", str(port)], folder / "bare.log")
    try:
        server.wait_until(lambda: accepts(port), "the bare ASGI application")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.stop()


def _sayings(lines: int) -> Iterator[list[tuple[str, str, str]]]:
    """For each gateway: (GUID, sensor, process) of systems of its own."""
    sensors = [sensor.name for sensor in load_catalogue() if sensor.instanced][:20]
    for gateway in range(GATEWAYS):
        chance = random.Random(gateway)
        systems = range(1 + gateway * ROWS, 1 + (gateway + 1) * ROWS)
        yield [(guid_of(idx), chance.choice(sensors), chance.choice(PROCESSES)) for idx in systems[:lines]]


def _alert(guid: str, sensor: str, process: str) -> dict[str, object]:
    return {"labels": {"alertname": sensor, "instance": guid, "process": process}}


def _batch(lines: Sequence[tuple[str, str, str]]) -> dict[str, object]:
    changes = [
        {"system": guid, "sensor": sensor, "instance": process, "triggered": True}
        for guid, sensor, process in lines
    ]
    return {"batch": MARK, "seq": 1, "changes": changes}


def _packed(gateway: int) -> bytes:
    chance = random.Random(gateway)
    first = 1 + gateway * (SYSTEMS // GATEWAYS) % (SYSTEMS - PACKED_SYSTEMS)
    sensors = [sensor.name for sensor in load_catalogue() if sensor.instanced][:50]
    bits = chance.sample(range(PACKED_SYSTEMS * len(sensors) * len(PROCESSES)), PACKED)  # each told of once
    lines = PackedLines(
        system=column(bit % PACKED_SYSTEMS for bit in bits),
        sensor=column(bit // PACKED_SYSTEMS % len(sensors) for bit in bits),
        instance=column(bit // PACKED_SYSTEMS // len(sensors) for bit in bits),
        triggered=bytes(chance.randrange(2) for _ in bits),
    )
    systems = pack_guids(guid_of(idx) for idx in range(first, first + PACKED_SYSTEMS))
    return encode_packed(PackedBatch(MARK, 1, False, systems, sensors, list(PROCESSES), lines))


def _split(body: bytes) -> tuple[bytes, bytes]:
    head, _, tail = body.partition(MARK.encode())
    return head, tail
