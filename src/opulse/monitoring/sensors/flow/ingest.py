"""Taking a batch of sensor states: judge it, make it durable, apply it. What was answered 202 survives a crash."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from weakref import WeakValueDictionary

from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.db import Priority
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.rules.batch import Decided, Sender, decide_batch, guids_in
from opulse.monitoring.sensors.rules.packing import pack
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.flow.journal import RepeatedBatch, append_batch_in
from opulse.observe import faults
from opulse.observe.metrics import CHANGES
from opulse.ports import Ports
from opulse.web.roles import Caller, Role
from opulse.wire.sensor_states import BatchRead, decode_batch, encode_answer

# A source's batches are judged and journaled one after the other: two of one system in flight must not overtake each other.
_turns: WeakValueDictionary[tuple[int, int, str], asyncio.Lock] = WeakValueDictionary()


class _Known(NamedTuple):
    """What the database says of a batch: its earlier answer, or who sent it and which systems it names."""

    answer: bytes | None
    sender: Sender
    systems: dict[str, int]


async def take_batch(ports: Ports, evaluator: Evaluator, caller: Caller, body: bytes) -> bytes:
    """Take what can be taken of a batch and return the body of the 202.

    A batch that the source has sent before is answered the same and changes nothing.

    Raises:
        UnreadableBody: the body is no batch.
    """
    read = decode_batch(body)
    source = caller.key_id or caller.name
    turn = _turns.setdefault((id(evaluator), caller.tenant, source), asyncio.Lock())
    async with turn:
        try:
            return await _take_in_turn(ports, evaluator, caller, source, read)
        except RepeatedBatch:  # its twin was on its way through another process
            return (await ports.db.read(_find_known, caller, source, read)).answer or b""
        except (SQLAlchemyError, OSError):
            evaluator.freeze()  # whoever cannot be heard because of us must not be taken for silent
            raise


async def _take_in_turn(
    ports: Ports, evaluator: Evaluator, caller: Caller, source: str, read: BatchRead
) -> bytes:
    known = await ports.db.read(_find_known, caller, source, read)
    if known.answer is not None:
        CHANGES.labels("repeated_batch").inc(len(read.batch.changes))
        return known.answer
    estate = await evaluator.ready(caller.tenant)
    decided = decide_batch(read, known.sender, known.systems, estate.by_name, estate.told.last)
    answer = encode_answer(decided.answer)
    _measure(decided)
    if not decided.changes and not (read.batch.full and decided.named):
        await evaluator.hear(caller.tenant, decided.named, read.batch.seq)
        return answer
    estate.told.raise_to(decided.named, read.batch.seq)
    payload = pack(read.batch.seq, read.batch.full, decided.named, decided.changes, decided.spellings)
    entry = await ports.db.write_first(
        Priority.INGEST,
        append_batch_in,
        caller.tenant,
        source,
        read.batch.batch,
        payload,
        answer,
        ports.clock.now(),
    )
    faults.point("states.journaled")
    await evaluator.take(caller.tenant, entry)
    return answer


def _find_known(conn: Connection, caller: Caller, source: str, read: BatchRead) -> _Known:
    answer = systems.find_answer(conn, caller.tenant, source, read.batch.batch)
    if answer is not None:
        return _Known(answer, Sender(), {})
    return _Known(None, *_find_sender_and_systems(conn, caller, read))


def _find_sender_and_systems(
    conn: Connection, caller: Caller, read: BatchRead
) -> tuple[Sender, dict[str, int]]:
    named = guids_in(read.batch)
    if caller.role is Role.AGENT:
        own = {guid.lower() for guid in caller.scope}
        known = systems.map_living(conn, caller.tenant, named | own)
        mine = next(((known[guid], guid) for guid in own if guid in known), None)
        if mine is None:
            return Sender(allowed=BitMap()), known
        return Sender(mine[0], mine[1], BitMap([mine[0]])), known
    known = systems.map_living(conn, caller.tenant, named) if named else {}
    if not caller.scope and caller.role is Role.INTEGRATION:
        return Sender(), known
    return Sender(allowed=_members_of(conn, caller)), known


def _members_of(conn: Connection, caller: Caller) -> BitMap:
    """Every system of the groups that the key is for."""
    allowed = BitMap()
    for guid in caller.scope:
        group = systems.find_group(conn, caller.tenant, guid)
        if group is not None:
            allowed |= systems.list_members(conn, caller.tenant, group.idx)
    return allowed


def _measure(decided: Decided) -> None:
    CHANGES.labels("accepted").inc(decided.accepted)
    CHANGES.labels("old_seq").inc(len(decided.ignored))
    for line in decided.refused:
        CHANGES.labels(line.reason.value).inc()
