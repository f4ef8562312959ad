"""Taking a batch of sensor states: judge it, make it durable, apply it. What was answered 202 survives a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from weakref import WeakValueDictionary

from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.monitoring.sensors.flow.estate import Estate
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.senders import learn_sender, learn_systems, recall_sender, recall_systems
from opulse.monitoring.sensors.models import UNORDERED
from opulse.monitoring.sensors.rules.batch import Decided, decide_batch
from opulse.monitoring.sensors.rules.columns import Columns
from opulse.monitoring.sensors.rules.packing import Change, States, pack
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.flow.journal import RepeatedBatch, append_batch_in
from opulse.monitoring.systems.models import NewBatch
from opulse.observe.metrics import CHANGES
from opulse.ports import Ports
from opulse.web.roles import Caller
from opulse.wire.sensor_states import RefusalReason, StateAnswer, encode_answer

# A source's batches are judged one after the other and journaled in that order: two of one system must not overtake each other
# while the database is asked for the first one's systems. A source is here only while one of its batches asks.
_turns: WeakValueDictionary[tuple[int, int, str], asyncio.Lock] = WeakValueDictionary()

_ACCEPTED = CHANGES.labels("accepted")
_OLD_SEQ = CHANGES.labels("old_seq")
_REPEATED = CHANGES.labels("repeated_batch")
_BEHIND = {RefusalReason.UNKNOWN_SYSTEM, RefusalReason.UNKNOWN_SENSOR, RefusalReason.NOT_YOURS}
"""Refusals that memory may be to blame for, when it has not followed the journal to its end."""


async def take_batch(ports: Ports, evaluator: Evaluator, caller: Caller, columns: Columns) -> bytes:
    """Take what can be taken of a batch and return the body of the 202.

    A batch that the source has sent before is answered the same and changes nothing.
    """
    tenant, source = caller.tenant, caller.key_id or caller.name
    try:
        estate = evaluator.estate(tenant) or await evaluator.ready(tenant)
        if (id(evaluator), tenant, source) not in _turns:
            taken = _take_from_memory(ports, evaluator, estate, caller, source, columns)
            if taken is not None:
                return taken if isinstance(taken, bytes) else await taken
        return await _take_in_turn(ports, evaluator, estate, caller, source, columns)
    except RepeatedBatch:
        _REPEATED.inc(len(columns))
        return await ports.db.read(systems.find_answer, tenant, source, columns.batch) or b""
    except (SQLAlchemyError, OSError):
        evaluator.freeze()  # whoever cannot be heard because of us must not be taken for silent
        raise


def record_states_in(
    conn: Connection, tenant: int, sender: str, number: int, changes: Sequence[Change], now: datetime
) -> None:
    """Journal states in the caller's own unit, together with why it holds them: the same record as an agent's batch.

    For senders that keep an order of their own: ``number`` rises with each call of a ``sender``, and the caller holds a lock
    that makes the order of its decisions the order of the journal. Afterwards the caller awaits ``evaluator.follow``.
    """
    named = BitMap.union(BitMap(), *(change.systems for change in changes))
    states = States(UNORDERED, False, named, list(changes))
    lines = sum(len(change.systems) for change in changes)
    answer = encode_answer(StateAnswer(lines))
    append_batch_in(conn, NewBatch(tenant, sender, str(number), pack(states), answer, now))
    _ACCEPTED.inc(lines)


def _take_from_memory(
    ports: Ports, evaluator: Evaluator, estate: Estate, caller: Caller, source: str, columns: Columns
) -> asyncio.Future[bytes] | bytes | None:
    """The usual case: a heartbeat is answered at once, a change once it is durable. None: the database must be asked first."""
    if evaluator.writer.find(caller.tenant, source, columns.batch) is not None:
        return None
    told = evaluator.writer.recall(caller.tenant, source, columns.batch)
    if told is not None:
        _REPEATED.inc(len(columns))
        return told
    sender = recall_sender(estate, caller)
    known = recall_systems(estate, columns.systems)
    if sender is None or known is None:
        return None
    decided = decide_batch(columns, sender, known, estate.by_name, estate.told.older_than)
    if decided.refused or (_is_empty(decided) and len(columns)):
        return None
    if _is_empty(decided):
        return _hear(evaluator, caller.tenant, decided)
    return _write(ports, evaluator, estate, caller, source, columns, decided)


async def _take_in_turn(
    ports: Ports, evaluator: Evaluator, estate: Estate, caller: Caller, source: str, columns: Columns
) -> bytes:
    tenant = caller.tenant
    turn = _turns.setdefault((id(evaluator), tenant, source), asyncio.Lock())
    async with turn:
        twin = evaluator.writer.find(tenant, source, columns.batch)
        if twin is not None:
            return await asyncio.shield(twin)
        decided = await _decide(ports, evaluator, estate, caller, columns)
        if _is_empty(decided):
            if len(columns):
                await _refuse_repeated(ports, tenant, source, columns.batch)
            return _hear(evaluator, tenant, decided)
        outcome = _write(ports, evaluator, estate, caller, source, columns, decided)
    return await outcome


def _is_empty(decided: Decided) -> bool:
    """Whether nothing is left to be written: a heartbeat, or every line was refused or is old."""
    states = decided.states
    return not states.changes and states.lines is None and not (states.full and states.named)


def _hear(evaluator: Evaluator, tenant: int, decided: Decided) -> bytes:
    _measure(decided)
    evaluator.hear(tenant, decided.states.named, decided.states.seq)
    return encode_answer(decided.answer)


def _write(
    ports: Ports,
    evaluator: Evaluator,
    estate: Estate,
    caller: Caller,
    source: str,
    columns: Columns,
    decided: Decided,
) -> asyncio.Future[bytes]:
    """Queue for the journal what was decided; later batches are judged by it from now on."""
    states, tenant, writer = decided.states, caller.tenant, evaluator.writer
    estate.told.raise_to(states.named, states.seq)
    outcome = writer.add(
        tenant, source, columns.batch, states, encode_answer(decided.answer), ports.clock.now()
    )

    def conclude(ended: asyncio.Future[bytes]) -> None:
        if ended.cancelled() or ended.exception() is not None:
            estate.untell(states.named, writer.waiting(tenant))
        else:
            _measure(decided)

    outcome.add_done_callback(conclude)
    return outcome


async def _decide(
    ports: Ports, evaluator: Evaluator, estate: Estate, caller: Caller, columns: Columns
) -> Decided:
    before = estate.position
    decided = await _judge(ports, evaluator, estate, caller, columns)
    doubtful = any(line.reason in _BEHIND for line in decided.refused)
    if doubtful and await evaluator.follow(caller.tenant) != before:
        return await _judge(ports, evaluator, estate, caller, columns)
    return decided


async def _judge(
    ports: Ports, evaluator: Evaluator, estate: Estate, caller: Caller, columns: Columns
) -> Decided:
    sender = recall_sender(estate, caller) or await learn_sender(ports, evaluator, estate, caller)
    known = recall_systems(estate, columns.systems)
    if known is None:
        known = await learn_systems(evaluator, estate, caller.tenant, columns.systems)
    return decide_batch(columns, sender, known, estate.by_name, estate.told.older_than)


async def _refuse_repeated(ports: Ports, tenant: int, source: str, batch: str) -> None:
    """Nothing is left of the batch, maybe because it was taken before: the journal's own key is not asked then."""
    if await ports.db.read(systems.find_answer, tenant, source, batch) is not None:
        raise RepeatedBatch


def _measure(decided: Decided) -> None:
    _ACCEPTED.inc(decided.accepted)
    if decided.ignored:
        _OLD_SEQ.inc(len(decided.ignored))
    for line in decided.refused:
        CHANGES.labels(line.reason.value).inc()
