"""Taking what a source receives: read it, find systems and sensors, hold it, and journal the bits that change.

Holds and journal are written in one unit under the lock of the tenant's sources, so that the order of decisions is the order of
the journal in however many processes; what was answered is durable. A repeated request changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.db import Priority, chunked
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors import views as sensors
from opulse.monitoring.sensors.flow.catalogue import add_sensors_in
from opulse.monitoring.sensors.flow.ingest import record_states_in
from opulse.monitoring.sensors.flow.senders import learn_sender, recall_sender
from opulse.monitoring.sensors.models import UNORDERED, Sensor
from opulse.monitoring.sources.flow.finding import find_systems_in, fit_to_keep, keep_storable
from opulse.monitoring.sources.models import (
    MOST_SENSORS,
    Delivery,
    Left,
    LeftReason,
    Reading,
    Settings,
    Signal,
    Source,
    SourceOff,
    Taken,
    Target,
)
from opulse.monitoring.sources.registry import adapter_of
from opulse.monitoring.sources.rules import lay_holds, leave_foreign, missing_sensors, place, settle_targets
from opulse.monitoring.sources.rules.placing import Placed
from opulse.monitoring.sources.store import holds
from opulse.monitoring.sources.store import sources as rows
from opulse.observe import faults
from opulse.observe.metrics import CHANGES
from opulse.ports import Ports
from opulse.web.roles import Caller
from opulse.wire.errors import UnreadableBody

AT_ONCE = 250
"""Signals in one unit: with their holds, and at worst a sensor and an audit row for each, below 1,000 rows and 50 ms."""

_LARGE = 200_000
"""Bytes of a request that is read on a thread of its own."""

_UNREADABLE = "the whole request"


async def receive(
    ports: Ports, evaluator: Evaluator, caller: Caller, source_id: str, delivery: Delivery
) -> Taken | None:
    """Take what can be taken; None: there is no such source.

    Raises:
        UnreadableBody: nothing can be made of the request; it is remembered among the faults.
        SourceOff: the source is switched off.
    """
    try:
        return await _receive(ports, evaluator, caller, source_id, delivery)
    except (SQLAlchemyError, OSError):
        evaluator.freeze()  # whoever cannot be heard because of us must not be taken for silent
        raise


async def _receive(
    ports: Ports, evaluator: Evaluator, caller: Caller, source_id: str, delivery: Delivery
) -> Taken | None:
    tenant = caller.tenant
    source = await ports.db.read(rows.find_for_receiving, tenant, source_id)
    if source is None:
        return None
    if not source.enabled:
        raise SourceOff(source.name)
    settings = settings_of(source)
    try:
        reading = await _read(source, settings, delivery)
    except UnreadableBody as error:
        left = [Left(0, _UNREADABLE, LeftReason.MALFORMED, str(error)[:300])]
        await ports.db.write(_note_in, tenant, source_id, left, ports.clock.now())
        raise
    signals, unfit = keep_storable(reading.signals)
    taken = await _take_signals(ports, evaluator, caller, source, settings, signals)
    taken = replace(taken, left=[fit_to_keep(one) for one in (*reading.left, *unfit, *taken.left)])
    await ports.db.write(_note_in, tenant, source_id, taken.left, ports.clock.now())
    for one in taken.left:
        CHANGES.labels(one.reason.value).inc()
    return taken


async def _read(source: Source, settings: Settings, delivery: Delivery) -> Reading:
    read = adapter_of(source.kind).read
    if len(delivery.body) < _LARGE:
        return read(settings, delivery)
    return await asyncio.to_thread(read, settings, delivery)  # others are answered meanwhile


async def _take_signals(
    ports: Ports,
    evaluator: Evaluator,
    caller: Caller,
    source: Source,
    settings: Settings,
    signals: Sequence[Signal],
) -> Taken:
    allowed = await _allowed(ports, evaluator, caller)
    taken, heard = Taken(0, 0, [], []), BitMap()
    for some in chunked(signals, AT_ONCE):
        now = ports.clock.now()
        done, systems = await ports.db.write_first(
            Priority.INGEST, take_signals_in, caller.tenant, source.id, settings, some, allowed, now
        )
        faults.point("source.held")
        taken = _joined(taken, done)
        heard |= systems
    await evaluator.follow(caller.tenant)
    if heard:
        evaluator.hear(caller.tenant, heard, UNORDERED)
    return taken


def settings_of(source: Source) -> Settings:
    """The source's settings as its adapter knows them; what an older version stored and this one does not know is dropped."""
    kind = adapter_of(source.kind).settings
    return kind.model_validate(
        {name: value for name, value in source.settings.items() if name in kind.model_fields}
    )


def take_signals_in(
    conn: Connection,
    tenant: int,
    source_id: str,
    settings: Settings,
    signals: Sequence[Signal],
    allowed: BitMap | None,
    now: datetime,
) -> tuple[Taken, BitMap]:
    """Hold what the signals say and journal what that changes; also the systems that were spoken of."""
    source = rows.lock_sources(conn, tenant).get(source_id)
    if source is None or not source.enabled:  # it went while the request was on its way
        return Taken(0, 0, [], []), BitMap()
    placed, left = place(signals, find_systems_in(conn, tenant, [one.system for one in signals]), allowed)
    made, known, more = _sensors_in(conn, tenant, source, settings, placed, now)
    without = {one.index for one in more}
    placed = [one for one in placed if one.signal.index not in without]
    before = holds.find_holds(conn, tenant, source_id, {one.signal.key for one in placed})
    placed, foreign = leave_foreign(placed, before, allowed)
    laid, older = lay_holds(placed, known, before, source.life, now)
    touched = {hold.target for hold in (*laid.values(), *(before[key] for key in laid if key in before))}
    held = set(holds.find_held(conn, tenant, touched)) if touched else set()
    holds.write_holds(conn, tenant, source_id, laid.values())
    source = replace(source, made=source.made + len(made))
    changed = settle_in(conn, tenant, source, held, touched, now)
    refused = [*left, *more, *foreign, *older]
    taken = Taken(len(signals) - len(refused), changed, made, refused)
    return taken, BitMap(one.system for one in placed)


def settle_in(
    conn: Connection,
    tenant: int,
    source: Source,
    before: set[Target],
    touched: Iterable[Target],
    now: datetime,
) -> int:
    """Journal the bits of the touched targets that differ from ``before``; how many. The caller holds the sources' lock."""
    touched = set(touched)
    after = holds.find_held(conn, tenant, touched) if touched else {}
    changes = settle_targets(before, after, touched)
    sequence = source.sequence + 1 if changes else source.sequence
    if changes:
        record_states_in(conn, tenant, sender_of(source.id), sequence, changes, now)
    rows.note_written(conn, tenant, source.id, sequence, source.made)
    return sum(len(change.systems) for change in changes)


def sender_of(source_id: str) -> str:
    """As whom the source stands in the journal."""
    return f"source/{source_id}"


def _sensors_in(
    conn: Connection, tenant: int, source: Source, settings: Settings, placed: Sequence[Placed], now: datetime
) -> tuple[list[str], dict[str, Sensor], list[Left]]:
    names = {one.signal.sensor for one in placed}
    known = sensors.find_sensors_without_case(conn, tenant, names)
    wanted, left = missing_sensors(
        placed,
        known,
        category=settings.category,
        makes=settings.make_sensors,
        room=MOST_SENSORS - source.made,
    )
    made = add_sensors_in(conn, tenant, wanted, f"source {source.name}", now)
    if wanted:
        known = sensors.find_sensors_without_case(conn, tenant, names)
    return [sensor.name for sensor in made], known, left


def _note_in(conn: Connection, tenant: int, source_id: str, left: Sequence[Left], now: datetime) -> None:
    if source_id in rows.lock_sources(conn, tenant):
        rows.note_request(conn, tenant, source_id, now)
        holds.write_faults(conn, tenant, source_id, left, now)


async def _allowed(ports: Ports, evaluator: Evaluator, caller: Caller) -> BitMap | None:
    """The systems that the key speaks for; None: all."""
    estate = await evaluator.ready(caller.tenant)
    sender = recall_sender(estate, caller) or await learn_sender(ports, evaluator, estate, caller)
    return sender.allowed


def _joined(one: Taken, other: Taken) -> Taken:
    return Taken(
        one.taken + other.taken, one.changed + other.changed, one.made + other.made, one.left + other.left
    )
