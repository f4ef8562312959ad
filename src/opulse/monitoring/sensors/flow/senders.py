"""What a batch needs from outside before it is judged: whom its key speaks for, and which systems its GUIDs are.

Answered from memory that follows the journal; the database is asked only for what memory has not met yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.estate import Estate
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.rules.batch import Sender
from opulse.monitoring.sensors.rules.columns import Packed, Texts
from opulse.monitoring.systems import views as systems
from opulse.ports import Ports
from opulse.web.roles import Caller, Role


def recall_sender(estate: Estate, caller: Caller) -> Sender | None:
    """Whom the key speaks for: an agent's for its own system, a gateway's for the members of its groups. None: learn first."""
    key = (caller.role, caller.scope)
    known = estate.senders.get(key)
    if known is None:
        known = _recall_sender(estate, caller)
        if known is not None:
            if len(estate.senders) >= _SENDERS:
                estate.senders.clear()
            estate.senders[key] = known
    return known


def _recall_sender(estate: Estate, caller: Caller) -> Sender | None:
    if caller.role is Role.AGENT:
        own = Texts(tuple(guid.lower() for guid in caller.scope))
        known = recall_systems(estate, own)
        if known is None or not known:
            return None
        return Sender(known[0], own.guids[0], BitMap(known[:1]))
    if not caller.scope and caller.role is Role.INTEGRATION:
        return Sender()
    if any(guid not in estate.groups for guid in caller.scope):
        return None
    return Sender(allowed=estate.allowed(frozenset(estate.groups[guid] for guid in caller.scope)))


def recall_systems(estate: Estate, named: Texts | Packed) -> Sequence[int] | None:
    """The index of each system; None when one is unknown, or a tombstone, as far as memory knows: learn first."""
    known = estate.known.find_all(named)
    living = estate.living
    if len(known) <= _FEW:
        return known if all(idx in living for idx in known) else None
    return known if np.asarray(known).all() and BitMap(known).issubset(living) else None


async def learn_sender(ports: Ports, evaluator: Evaluator, estate: Estate, caller: Caller) -> Sender:
    """:func:`recall_sender`, after the database was asked."""
    if caller.role is Role.AGENT:
        own = Texts(tuple(guid.lower() for guid in caller.scope))
        known = await learn_systems(evaluator, estate, caller.tenant, own)
        mine = next(((idx, guid) for idx, guid in zip(known, own.guids, strict=True) if idx), None)
        return Sender(allowed=BitMap()) if mine is None else Sender(*mine, BitMap([mine[0]]))
    unknown = [guid for guid in caller.scope if guid not in estate.groups]
    if unknown:
        estate.groups |= await ports.db.read(_find_groups, caller.tenant, unknown)
    found = frozenset(estate.groups[guid] for guid in caller.scope if guid in estate.groups)
    return Sender(allowed=estate.allowed(found))


async def learn_systems(
    evaluator: Evaluator, estate: Estate, tenant: int, named: Texts | Packed
) -> Sequence[int]:
    """The index of each living system, after the database was asked for those that memory does not know; 0 for the others."""
    missing = _find_missing(estate, estate.known.find_all(named))
    if missing:
        texts = {named.text(place).lower() for place in missing}
        found = await evaluator.lookups(tenant).find(texts)
        estate.known.learn({guid: found[guid] for guid in texts if guid in found})
        if any(found[guid] not in estate.living for guid in texts if guid in found):
            await evaluator.follow(tenant)  # it was registered a moment ago
    known = list(estate.known.find_all(named))
    for place in _find_missing(estate, known):
        known[place] = 0
    return known


_SENDERS = 20_000
_FEW = 8
"""Systems that are looked up one by one sooner than by making a bitmap of them."""


def _find_missing(estate: Estate, known: Sequence[int]) -> list[int]:
    living = estate.living
    return [place for place, idx in enumerate(known) if idx not in living]


def _find_groups(conn: Connection, tenant: int, guids: Iterable[str]) -> dict[str, int]:
    found = ((guid, systems.find_group(conn, tenant, guid)) for guid in guids)
    return {guid: group.idx for guid, group in found if group is not None}
