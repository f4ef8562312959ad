"""``python -m bench.evaluating burst|restart DATA``: one process with the real evaluator and decider; prints what it measured.

``burst`` ends without leaving a snapshot of what it took, as a crash would; ``restart`` then restores and replays.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path
from random import Random

import psutil
from sqlalchemy import Connection, text

from bench.estates import guid_of
from bench.monitored import CROSSING, NEEDED, sensor_name
from opulse.bootstrap.ports import open_ports
from opulse.bootstrap.stages import import_stores
from opulse.monitoring.activations.flow.decider import Decider
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.ingest import take_batch
from opulse.monitoring.sensors.rules.columns import columns_of_packed
from opulse.monitoring.systems import views
from opulse.ports import Ports
from opulse.settings import load_settings
from opulse.web.roles import Caller, Role
from opulse.wire.sensor_states_packed import (
    PackedBatch,
    PackedLines,
    column,
    decode_packed,
    encode_packed,
    pack_guids,
)

TENANT = 1
BATCHES = 10
LINES = 10_000


async def burst(ports: Ports) -> dict[str, float]:
    """100,000 changes, then every decision that follows."""
    bodies = [_body(ports, number) for number in range(BATCHES)]
    before = _resident()
    evaluator = Evaluator(ports.db, ports.clock, ports.limits)
    await evaluator.load()
    evaluator.frozen_until = ports.clock.now()
    decider = Decider(ports, evaluator)
    await decider.decide_all()
    started = evaluator.position(TENANT)
    gc.freeze()
    begun = time.perf_counter()
    await asyncio.gather(*(_take(ports, evaluator, number, body) for number, body in enumerate(bodies)))
    applied = time.perf_counter()
    assert evaluator.position(TENANT) == started + BATCHES
    await decider.decide_touched()
    decided = time.perf_counter()
    opened = await ports.db.read(_count_open)
    assert opened == CROSSING, f"{opened} notifications activated, not {CROSSING}"
    grown = _resident() - before
    saved = await _measure_snapshot(evaluator)
    return {
        "taken_ms": (applied - begun) * 1e3,
        "evaluate_ms": (decided - applied) * 1e3,
        "grown_mb": grown / 1e6,
        "grown_after_snapshot_mb": (_resident() - before) / 1e6,
        "snapshot_s": saved,
    }


async def restart(ports: Ports) -> dict[str, float]:
    """Restore the snapshot and replay the journal."""
    begun = time.perf_counter()
    evaluator = Evaluator(ports.db, ports.clock, ports.limits)
    await evaluator.load()
    return {"restart_s": time.perf_counter() - begun, "position": evaluator.position(TENANT)}


async def _take(ports: Ports, evaluator: Evaluator, number: int, body: bytes) -> None:
    caller = Caller(TENANT, Role.INTEGRATION, "gateway", key_id=f"gateway {number}")
    answer = json.loads(await take_batch(ports, evaluator, caller, columns_of_packed(decode_packed(body))))
    assert (answer["accepted"], answer["refused"], answer["ignored"]) == (LINES, [], []), answer


def _body(ports: Ports, number: int) -> bytes:
    """Two tenths hit the sensors that ``CROSSING`` notifications wait for; the rest is spread over all other sensors."""
    chance = Random(number)
    systems = chance.sample(range(1, 1_000_001), LINES)
    crossing = LINES // 5
    custom = 1_300 - 172 - CROSSING
    sensors = [place % CROSSING for place in range(crossing)]
    sensors += [CROSSING + chance.randrange(custom) for _ in range(LINES - crossing)]
    lines = PackedLines(
        sensor=column(sensors),
        triggered=b"\1" * crossing + bytes(chance.randrange(2) for _ in range(LINES - crossing)),
        system=column(range(LINES)),
    )
    names = [sensor_name(place) for place in range(CROSSING + custom)]
    batch = f"{os.getpid()}-{number}"
    return encode_packed(PackedBatch(batch, 2, False, pack_guids(map(guid_of, systems)), names, [], lines))


async def _measure_snapshot(evaluator: Evaluator) -> float:
    """How long leaving a snapshot takes. It is undone, so that the restart has something to replay."""
    begun = time.perf_counter()
    estate = evaluator.estate(TENANT)
    assert estate is not None
    estate.dump()
    return time.perf_counter() - begun


def _count_open(conn: Connection) -> int:
    return int(conn.execute(text("SELECT count(*) FROM activations WHERE state = 'active'")).scalar_one())


def _resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


async def main() -> None:
    import_stores()
    measure, data = {"burst": burst, "restart": restart}[sys.argv[1]], Path(sys.argv[2])
    ports = await open_ports(load_settings(data), "http://127.0.0.1")
    await ports.db.read(views.count_systems, TENANT)
    print(json.dumps(await measure(ports)), flush=True)
    os._exit(0)  # as a crash would: nothing is left behind


if __name__ == "__main__":
    assert NEEDED < LINES // 5 // CROSSING * BATCHES
    asyncio.run(main())
