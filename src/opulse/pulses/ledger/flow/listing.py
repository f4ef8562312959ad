"""The systems of a ledger, page by page: first those that the experience side has heard of, then the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import get_activation, walk_ever
from opulse.ports import Ports
from opulse.pulses.ledger import views
from opulse.pulses.ledger.flow.reading import outside_state, silent_state
from opulse.pulses.ledger.models import ORDER, LedgerState, SystemEnd, SystemsPage, Wanted
from opulse.pulses.ledger.rules import Place, matches, read_place, settled_state, unsettled
from opulse.web.errors import NotFound

SOUGHT = 500  # a search judges so many systems at once when it looks for some of their states


@dataclass(frozen=True)
class Reading:
    """What every page of one reading knows: found once, so that a file of many pages shows one moment."""

    tenant: int
    activation: str
    found: Activation | None
    now: datetime
    silent: LedgerState
    task_runs: Sequence[str]

    @property
    def closed_at(self) -> datetime | None:
        return self.found.closed_at if self.found else None


async def list_systems(
    ports: Ports, tenant: int, activation: str, wanted: Wanted, after: str, limit: int
) -> SystemsPage:
    """At most ``limit`` systems behind the place ``after``; empty: from the first.

    Raises:
        NotFound: neither side of this installation knows the activation.
        ValueError: ``after`` is no place of a ledger.
    """
    place = read_place(after)

    def unit(conn: Connection) -> SystemsPage:
        return list_systems_in(conn, begin_in(conn, tenant, activation, now), wanted, place, limit)

    now = ports.clock.now()
    return await ports.db.read(unit)


def begin_in(conn: Connection, tenant: int, activation: str, now: datetime) -> Reading:
    """What the pages of one reading share. Raises NotFound as :func:`list_systems`."""
    found = get_activation(conn, tenant, activation)
    task_runs = views.list_reaching_tasks(conn, tenant, activation)
    if found is None and not task_runs:
        raise NotFound("activation")
    return Reading(tenant, activation, found, now, silent_state(conn, tenant, activation), task_runs)


def list_systems_in(
    conn: Connection, reading: Reading, wanted: Wanted, place: Place, limit: int
) -> SystemsPage:
    """See :func:`list_systems`; on the caller's connection."""
    found: list[SystemEnd] = []
    if not place.outside:
        found = _list_reached(conn, reading, wanted, place.system, limit + 1)
        if len(found) > limit:
            return SystemsPage(tuple(found[:limit]), Place(system=found[limit - 1].system).text)
        place = Place(outside=True)
    room = limit - len(found)
    outside = _list_outside(conn, reading, wanted, place.idx, room + 1)
    found += [end for _, end in outside[:room]]
    if len(outside) <= room:
        return SystemsPage(tuple(found), "")
    # a page that ends with the last system that was heard of goes on with the first of the others
    return SystemsPage(
        tuple(found), Place(outside=True, idx=outside[room - 1][0] if room else place.idx).text
    )


def _list_reached(
    conn: Connection, reading: Reading, wanted: Wanted, after: str, limit: int
) -> list[SystemEnd]:
    """The first ``limit`` matching systems with a reach row behind ``after``."""
    found: list[SystemEnd] = []
    at_once = max(SOUGHT, limit) if wanted.words else limit
    while len(found) < limit:
        systems = _next_systems(conn, reading, wanted, after, at_once)
        found += [end for end in read_ends(conn, reading, systems) if matches(wanted, end)]
        if len(systems) < at_once:
            break
        after = systems[-1]
    return found[:limit]


def _next_systems(conn: Connection, reading: Reading, wanted: Wanted, after: str, limit: int) -> list[str]:
    """The next systems among which the wanted ones are, by the cheapest way to find them."""
    tenant, activation = reading.tenant, reading.activation
    if wanted.words:
        return views.search_systems(
            conn, tenant, activation, wanted.words, after, limit, people=wanted.people
        )
    if wanted.every_state and wanted.wave is None:
        return views.walk_systems(conn, tenant, reading.task_runs, after, limit)
    states = unsettled(wanted.states, reading.closed_at, reading.now)
    return views.filter_systems(
        conn, tenant, activation, reading.now, reading.silent, states, wanted.wave, after, limit
    )


def read_ends(conn: Connection, reading: Reading, systems: Sequence[str]) -> list[SystemEnd]:
    """Where these systems ended, in their order."""
    if not systems:
        return []
    rows = views.read_systems(
        conn, reading.tenant, reading.activation, reading.now, reading.silent, reading.task_runs, systems
    )
    return [_end(rows[system], reading) for system in systems if system in rows]


def _end(row: dict[str, Any], reading: Reading) -> SystemEnd:
    return SystemEnd(
        row["system"],
        row["system_name"],
        settled_state(ORDER[row["rank"]], reading.closed_at, reading.now),
        row["wave"],
        row["contact"],
        row["email"] or row["person"],
        f"{row['first_name'] or ''} {row['last_name'] or ''}".strip(),
        row["detail"] or "",
        row["asked_by"] or "",
    )


def _list_outside(
    conn: Connection, reading: Reading, wanted: Wanted, after: int, limit: int
) -> list[tuple[int, SystemEnd]]:
    """The first ``limit`` matching systems without a reach row whose index is above ``after``: all in one state."""
    if reading.found is None:
        return []
    state = outside_state(conn, reading.tenant, reading.activation, reading.found, reading.now)
    state = settled_state(state, reading.closed_at, reading.now)
    if state not in wanted.states or wanted.wave:
        return []
    found: list[tuple[int, SystemEnd]] = []
    for page in walk_ever(conn, reading.tenant, reading.activation, after):
        found += [(idx, end) for idx, end in _unreached(conn, reading, page, state) if matches(wanted, end)]
        if len(found) >= limit:
            break
    return found[:limit]


def _unreached(
    conn: Connection, reading: Reading, page: Sequence[tuple[int, str, str]], state: LedgerState
) -> Iterable[tuple[int, SystemEnd]]:
    known = views.find_reached_by(conn, reading.tenant, reading.task_runs, (guid for _, guid, _ in page))
    return [(idx, SystemEnd(guid, name, state)) for idx, guid, name in page if guid not in known]
