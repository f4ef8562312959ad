"""What a batch needs from outside before it is judged: whom its key speaks for, and which systems its GUIDs are.

From memory that follows the journal; the database is asked only for what memory has not met yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.estate import Estate
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.rules.batch import Sender
from opulse.monitoring.sensors.rules.columns import Packed, Texts
from opulse.monitoring.systems import views as systems
from opulse.ports import Ports
from opulse.web.roles import Caller, Role


async def find_systems(
    ports: Ports, evaluator: Evaluator, tenant: int, named: Texts | Packed
) -> Sequence[int]:
    """The index of each living system; 0 for the others."""
    estate = await evaluator.ready(tenant)
    known = estate.known.find_all(named)
    missing = _find_missing(known, estate)
    if missing:
        texts = {named.text(place).lower() for place in missing}
        found = await ports.db.read(systems.map_living, tenant, texts)
        estate.known.learn(found)
        if any(idx not in estate.living for idx in found.values()):
            await evaluator.follow(tenant)  # it was registered a moment ago
        known = list(estate.known.find_all(named))
        for place in _find_missing(known, estate):
            known[place] = 0
    return known


async def find_sender(ports: Ports, evaluator: Evaluator, caller: Caller) -> Sender:
    """Whom the key speaks for: an agent's for its own system, a gateway's for the members of its groups."""
    if caller.role is Role.AGENT:
        own = Texts(tuple(guid.lower() for guid in caller.scope))
        known = await find_systems(ports, evaluator, caller.tenant, own)
        mine = next(((idx, guid) for idx, guid in zip(known, own.guids, strict=True) if idx), None)
        return Sender(allowed=BitMap()) if mine is None else Sender(*mine, BitMap([mine[0]]))
    if not caller.scope and caller.role is Role.INTEGRATION:
        return Sender()
    estate = await evaluator.ready(caller.tenant)
    unknown = [guid for guid in caller.scope if guid not in estate.groups]
    if unknown:
        estate.groups |= await ports.db.read(_find_groups, caller.tenant, unknown)
    return Sender(allowed=estate.allowed(frozenset(_indices(estate, caller.scope))))


def _find_missing(known: Sequence[int], estate: Estate) -> list[int]:
    """Places of systems that are unknown, or tombstones as far as memory knows."""
    living = estate.living
    if 0 not in known and BitMap(known).issubset(living):
        return []
    return [place for place, idx in enumerate(known) if idx not in living]


def _indices(estate: Estate, guids: Iterable[str]) -> Iterable[int]:
    return (estate.groups[guid] for guid in guids if guid in estate.groups)


def _find_groups(conn: Connection, tenant: int, guids: Iterable[str]) -> dict[str, int]:
    found = ((guid, systems.find_group(conn, tenant, guid)) for guid in guids)
    return {guid: group.idx for guid, group in found if group is not None}
