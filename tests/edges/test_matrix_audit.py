"""Every change of a tenant stands in the audit trail: who, what, and, where something was before, what it was."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.tenancy.views import list_audit
from tests.edges.matrix.addresses import NoMaker, fresh_address
from tests.edges.matrix.bodies import request_of
from tests.edges.matrix.calls import rows_of
from tests.edges.matrix.changes import CHANGES, MACHINE, MOVES_NOTHING
from tests.edges.matrix.own_calls import OWN_CALLS, Call
from tests.edges.matrix.routes import Route
from tests.edges.matrix.world import Caller, World, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAST = {
    "POST /api/v1/distributions/{distribution}/cancel": 1,
    "POST /distributions/{distribution}/cancel": 1,
    "POST /account/password": 2,
    "POST /sign-out": 3,
}  # they end what others need, or the caller
MEANWHILE = {
    "POST /systems/import/{import_id}/mapping",
    "POST /directory/{directory}/import/{import_id}/columns",
}
"""The file that the matrix has sent is being taken while these are called: its rows come by themselves."""
PASSING = frozenset(
    {
        "audit",
        "condition_traces",
        "evaluator_snapshots",
        "sensor_journal",
        "sensor_reports",
        "monitoring_numbers",
        "system_last_reports",
        "deliveries",
        "delivery_attempts",
        "runs",
        "task_runs",
        "distributions",
        "invitations",
        "access_tokens",
        "sign_in_failures",
        "workflow_schedules",
    }
)
"""What moves by itself, or is the record of what happened: no configuration."""

FORGETS = {"POST /api/v1/privacy/erasures"}
"""What somebody was before must not be told: being forgotten is what they asked for. The trail tells how many rows went."""

Rows = dict[str, Counter[str]]


def _snapshot(conn: Connection, tenant: int) -> Rows:
    return {name: Counter(rows) for name, rows in rows_of(conn, tenant) if name not in PASSING}


@pytest.mark.parametrize("pages", [False, pytest.param(True, marks=pytest.mark.long)], ids=["api", "pages"])
async def test_every_change_stands_in_the_trail(world: World, routes: list[Route], pages: bool) -> None:
    """Also by whom: the address of a person, or the name of a key. The forms of pages that refuse what the matrix sends move
    nothing; they call what the API's routes call, of which each is moved here or says in ``MOVES_NOTHING`` why it is not.
    """
    wrong: list[str] = []
    moved: set[str] = set()
    changing = [one for one in routes if not one.reads and one.is_page is pages]
    for route in sorted(changing, key=lambda one: LAST.get(one.name, 0)):
        caller = _caller(world, route)
        if caller is None or route.name in MEANWHILE or MOVES_NOTHING.get(route.name) == MACHINE:
            continue
        try:
            call = await _call(world, route)
        except NoMaker:  # said by a test of its own
            continue
        tenant, before = world.acme.tenant.id, await world.ports.db.read(_snapshot, world.acme.tenant.id)
        newest = (await world.ports.db.read(list_audit, tenant, 1))[0]["id"]
        answer = await caller.client.request(route.method, call.address, **call.request)
        if call.settled is not None:
            await until(f"end of {route.name}", partial(call.settled, answer))
        after = await world.ports.db.read(_snapshot, tenant)
        said = [row for row in await world.ports.db.read(list_audit, tenant, 50) if row["id"] > newest]
        if before == after and not said:
            continue
        moved.add(route.name)
        if fault := _fault(route, before, after, said, caller, world):
            wrong.append(f"{route.name} ({answer.status_code}): {fault}")
    assert not wrong, "\n".join(wrong)
    api = {route.name for route in changing if not pages}
    still = sorted(api - moved - MOVES_NOTHING.keys())
    hint = "give it a body in tests/edges/matrix/changes.py, or say there why it moves nothing"
    assert not still, "\n".join([*still, hint])
    assert len(moved) > (15 if pages else 80), "the walk moves too little to prove anything"


def _caller(world: World, route: Route) -> Caller | None:
    """A person where one may, because their name is the harder one to keep."""
    allowed = [caller for caller in world.acme.callers.values() if caller.may(route.roles)]
    return next((one for one in allowed if one.is_person), allowed[0] if allowed else None)


async def _call(world: World, route: Route) -> Call:
    if route.name in OWN_CALLS:
        return await OWN_CALLS[route.name](world)
    address = await fresh_address(world, route)
    if route.name not in CHANGES:
        return Call(address, request_of(route))
    body = await CHANGES[route.name](world)
    return Call(address, {"data" if route.is_page else "json": body})


def _fault(
    route: Route, before: Rows, after: Rows, said: list[dict[str, Any]], caller: Caller, world: World
) -> str:
    tables = sorted(name for name in after if before[name] != after[name])
    if not said:
        return f"{', '.join(tables)} changed, and no row of the trail says so"
    by_hand = [
        row for row in said if row["actor"] == world.acme.address_of("admin") or row["actor"] == caller.name
    ]
    if not by_hand and caller.is_person:
        return f"the trail names {sorted({row['actor'] for row in said})}, not who did it"
    if any(not row["what"] or not row["action"] for row in said):
        return "a row of the trail does not say what was done to what"
    if any(not row["before"] and not row["after"] for row in said):
        return f"{said[0]['action']} stands in the trail with neither before nor after"
    # a row that went, or came back otherwise, was something before
    was = any(before[name] - after[name] for name in tables if name not in ("directories", "system_groups"))
    if was and route.name not in FORGETS and not any(row["before"] for row in said):
        return f"{', '.join(tables)} held something before, which {said[0]['action']} does not tell"
    return ""
