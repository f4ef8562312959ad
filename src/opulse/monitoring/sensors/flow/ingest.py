"""Taking a batch of sensor states: judge it, make it durable, apply it. What was answered 202 survives a crash."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.senders import find_sender, find_systems
from opulse.monitoring.sensors.rules.batch import Decided, decide_batch
from opulse.monitoring.sensors.rules.columns import Columns
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.flow.journal import RepeatedBatch
from opulse.observe.metrics import CHANGES
from opulse.ports import Ports
from opulse.web.roles import Caller
from opulse.wire.sensor_states import RefusalReason, encode_answer

# A source's batches are judged one after the other and journaled in that order: two of one system must not overtake each other
# while the database is asked for the first one's systems.
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
    source = caller.key_id or caller.name
    try:
        return await _take(ports, evaluator, caller, source, columns)
    except RepeatedBatch:
        _REPEATED.inc(len(columns))
        known = await ports.db.read(systems.find_answer, caller.tenant, source, columns.batch)
        return known or b""
    except (SQLAlchemyError, OSError):
        evaluator.freeze()  # whoever cannot be heard because of us must not be taken for silent
        raise


async def _take(ports: Ports, evaluator: Evaluator, caller: Caller, source: str, columns: Columns) -> bytes:
    tenant, writer = caller.tenant, evaluator.writer
    turn = _turns.setdefault((id(evaluator), tenant, source), asyncio.Lock())
    async with turn:
        twin = writer.find(tenant, source, columns.batch)
        if twin is not None:
            return await asyncio.shield(twin)
        decided = await _decide(ports, evaluator, caller, columns)
        states, answer = decided.states, encode_answer(decided.answer)
        if not states.changes and not (states.full and states.named):
            if len(columns):
                await _refuse_repeated(ports, tenant, source, columns.batch)
            _measure(decided)
            await evaluator.hear(tenant, states.named, states.seq)
            return answer
        estate = await evaluator.ready(tenant)
        estate.told.raise_to(states.named, states.seq)
        outcome = writer.add(tenant, source, columns.batch, states, answer, ports.clock.now())
    try:
        told = await asyncio.shield(outcome)
    except (RepeatedBatch, SQLAlchemyError, OSError):
        estate.untell(states.named, writer.waiting(tenant))
        raise
    _measure(decided)
    return told


async def _decide(ports: Ports, evaluator: Evaluator, caller: Caller, columns: Columns) -> Decided:
    decided = await _judge(ports, evaluator, caller, columns)
    if any(line.reason in _BEHIND for line in decided.refused):
        before = evaluator.position(caller.tenant)
        if await evaluator.follow(caller.tenant) != before:
            return await _judge(ports, evaluator, caller, columns)
    return decided


async def _judge(ports: Ports, evaluator: Evaluator, caller: Caller, columns: Columns) -> Decided:
    sender = await find_sender(ports, evaluator, caller)
    known = await find_systems(ports, evaluator, caller.tenant, columns.systems)
    estate = await evaluator.ready(caller.tenant)
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
