"""Who is logged on, as agents say it: from the batch to the systems' users, beside what an import has said of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems import views
from opulse.tenancy.models import KeyKind
from opulse.wire.sensor_states import MAX_USERS
from tests.unit.monitoring.sensors.world import World, browse, open_world

pytestmark = pytest.mark.stores

MAYA = {"user_id": r"EXAMPLE\maya", "email": "maya@example.org", "first_name": "Maya", "is_primary": True}
TOM = {"user_id": "tom@example.org", "email": "tom@example.org"}


@dataclass
class Machine:
    """One system with two users, and its agent's client."""

    world: World
    system: str
    agent: httpx2.AsyncClient
    seq: int = 0

    async def say(self, users: Any, **more: Any) -> httpx2.Response:
        self.seq += 1
        body = {"batch": f"b{self.seq}", "seq": self.seq, "users": users, **more}
        return await self.agent.post("/api/v1/sensor-states", json=body)

    async def users(self, at: datetime | None = None) -> dict[str, str]:
        found = await self.world.ports.db.read(views.find_system, self.world.tenant, self.system)
        assert found is not None
        when = at or self.world.clock.now()
        listed = await self.world.ports.db.read(views.list_users, self.world.tenant, found.idx, when)
        return {
            user.user_id: " ".join(
                word for word, holds in (("on", user.is_logged_on), ("primary", user.is_primary)) if holds
            )
            for user in listed
        }


@pytest.fixture
async def machine(db: Database, clock: ManualClock) -> AsyncIterator[Machine]:
    async with open_world(db, clock) as world:
        system = (await world.put("ws-1", users=[MAYA, TOM]))["ws-1"]
        key = await world.key(KeyKind.AGENT, system)
        async with browse(world.app, key) as agent:
            yield Machine(world, system, agent)


async def test_whoever_logs_on_is_known_by_the_account_whatever_its_domain(machine: Machine) -> None:
    assert await machine.users() == {r"EXAMPLE\maya": "primary", "tom@example.org": ""}
    machine.world.clock.advance(60)
    answer = await machine.say([{"user": "Maya", "since": "2026-03-02T08:00:00Z"}, {"user": "tom"}])
    assert answer.status_code == 202
    assert await machine.users() == {r"EXAMPLE\maya": "on primary", "tom@example.org": "on"}
    shown = (await machine.world.client.get(f"/api/v1/systems/{machine.system}")).json()
    by_id = {user["user_id"]: user for user in shown["users"]}
    assert by_id[r"EXAMPLE\maya"]["email"] == "maya@example.org", "what the import said stays"
    assert by_id[r"EXAMPLE\maya"]["last_logon"].startswith("2026-03-02T08:00:00")


async def test_any_past_moment_can_be_asked(machine: Machine) -> None:
    start = machine.world.clock.now()
    machine.world.clock.advance(60)
    await machine.say([{"user": "maya"}])
    machine.world.clock.advance(60)
    await machine.say([{"user": "tom"}])
    machine.world.clock.advance(60)
    await machine.say([])
    assert await machine.users(start) == {r"EXAMPLE\maya": "primary", "tom@example.org": ""}
    assert await machine.users(start + timedelta(seconds=61)) == {
        r"EXAMPLE\maya": "on primary",
        "tom@example.org": "",
    }
    assert await machine.users(start + timedelta(seconds=121)) == {
        r"EXAMPLE\maya": "primary",
        "tom@example.org": "on",
    }
    assert await machine.users() == {r"EXAMPLE\maya": "primary", "tom@example.org": ""}


async def test_a_stranger_is_added_and_the_primary_user_stays(machine: Machine) -> None:
    await machine.say([{"user": "guest"}])
    assert await machine.users() == {r"EXAMPLE\maya": "primary", "tom@example.org": "", "guest": "on"}


async def test_where_nobody_is_known_the_first_who_is_alone_becomes_primary(
    db: Database, clock: ManualClock
) -> None:
    async with open_world(db, clock) as world:
        system = (await world.put("new"))["new"]
        async with browse(world.app, await world.key(KeyKind.AGENT, system)) as agent:
            machine = Machine(world, system, agent)
            await machine.say([{"user": "ann"}, {"user": "ben"}])
            assert await machine.users() == {"ann": "on", "ben": "on"}
            await machine.say([{"user": "ben"}])
            assert await machine.users() == {"ann": "", "ben": "on primary"}
            await machine.say([{"user": "ann"}])
            assert await machine.users() == {"ann": "on", "ben": "primary"}


async def test_a_batch_that_says_nothing_of_users_changes_none(machine: Machine) -> None:
    await machine.say([{"user": "maya"}])
    await machine.say(None)
    assert (await machine.users())[r"EXAMPLE\maya"] == "on primary"


async def test_a_batch_that_comes_too_late_is_not_believed(machine: Machine) -> None:
    machine.seq = 10
    await machine.say([{"user": "maya"}])
    machine.seq = 5
    answer = await machine.say([], changes=[])
    assert [system["reason"] for system in answer.json()["ignored"]] == ["old_seq"]
    assert (await machine.users())[r"EXAMPLE\maya"] == "on primary"


async def test_the_same_again_writes_no_new_span(machine: Machine) -> None:
    await machine.say([{"user": "maya"}])
    at = machine.world.clock.now()
    machine.world.clock.advance(3600)
    await machine.say([{"user": "maya", "since": "2026-03-02T08:00:00Z"}])
    found = await machine.world.ports.db.read(views.find_system, machine.world.tenant, machine.system)
    assert found is not None
    before, after = [
        await machine.world.ports.db.read(views.list_users, machine.world.tenant, found.idx, when)
        for when in (at, machine.world.clock.now())
    ]
    assert before == after


async def test_only_an_agent_tells_users(machine: Machine) -> None:
    body = {"batch": "g", "seq": 1, "users": [{"user": "maya"}], "heartbeat": [machine.system]}
    answer = await machine.world.client.post("/api/v1/sensor-states", json=body)
    assert answer.status_code == 400
    assert "the agent of a system" in answer.json()["detail"]
    assert (await machine.users())[r"EXAMPLE\maya"] == "primary"


@pytest.mark.parametrize(
    "users",
    [
        [{"user": ""}],
        [{"user": "x" * 201}],
        [{}],
        "maya",
        [{"user": "a\0b"}],
        [{"user": "u"}] * (MAX_USERS + 1),
    ],
    ids=["empty", "long", "nameless", "no list", "NUL", "many"],
)
async def test_users_that_cannot_be_read_refuse_the_batch(machine: Machine, users: Any) -> None:
    assert (await machine.say(users)).status_code == 400
    assert (await machine.users())[r"EXAMPLE\maya"] == "primary"


async def test_a_line_that_cannot_be_read_does_not_hide_the_users(machine: Machine) -> None:
    answer = await machine.say([{"user": "maya"}], changes=[{"sensor": 7}])
    assert [line["reason"] for line in answer.json()["refused"]] == ["malformed"]
    assert (await machine.users())[r"EXAMPLE\maya"] == "on primary"
