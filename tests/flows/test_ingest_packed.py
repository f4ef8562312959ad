"""The packed form over HTTP: what it changes and what it answers is what the same batch in rows changes and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from opulse.tenancy.models import KeyKind
from opulse.wire.sensor_states import StateBatch, StateChange, encode_batch
from opulse.wire.sensor_states_packed import MEDIA_TYPE, encode_packed
from tests.unit.monitoring.sensors.world import World, browse, open_world
from tests.unit.wire.packed import to_packed

pytestmark = pytest.mark.stores

STATES = "/api/v1/sensor-states"
SENSORS = ("Application Hang", "Application Fault", "Interrupt Rate", "No Such Sensor")
INSTANCES = (None, "excel.exe", "EXCEL.exe", "b")
NAMES = ("a", "b", "c", "d")
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def worlds(db: Database, clock: ManualClock) -> AsyncIterator[tuple[World, World]]:
    """Two tenants with systems of the same names."""
    async with open_world(db, clock, "Rows") as rows, open_world(db, clock, "Packed") as packed:
        yield rows, packed


def state_of(world: World, ids: dict[str, str]) -> list[Any]:
    """Everything that batches can change, by names."""
    estate = world.evaluator.estate(world.tenant)
    assert estate is not None
    sensors = world.evaluator.sensors(world.tenant)
    reporting = world.evaluator.reporting(world.tenant)
    first = min(estate.living)
    return [
        {idx - first for idx in reporting},
        [
            (name, one.name, [idx - first for idx in one.systems])
            for name in SENSORS[:3]
            for one in estate.triggered.instances(sensors[name].idx)
        ],
        [estate.told.last(idx) for idx in estate.living],
        world.evaluator.position(world.tenant),
        len(world.evaluator.count(world.tenant, [world.pick(SENSORS[0])], ALL_SYSTEMS_IDX).qualifying),
    ]


def draw(chance: Random, number: int) -> tuple[StateBatch, Sequence[str | None]]:
    """A batch whose systems are names."""
    systems = (*NAMES, "nobody", None)
    lines = [
        StateChange(
            chance.choice(SENSORS),
            chance.random() < 0.6,
            chance.choice(INSTANCES),
            None,
            chance.choice(systems),
        )
        for _ in range(chance.randrange(8))
    ]
    vouched = chance.sample([*NAMES, "nobody"], chance.randrange(3)) or None
    batch = f"{number % 12}"  # some are repeated
    return StateBatch(batch, chance.randrange(6), lines, chance.random() < 0.2, vouched), systems


def named(batch: StateBatch, ids: dict[str, str]) -> StateBatch:
    changes = [
        StateChange(one.sensor, one.triggered, one.instance, None, one.system and ids[one.system])
        for one in batch.changes
    ]
    heartbeat = None if batch.heartbeat is None else [ids[name] for name in batch.heartbeat]
    return StateBatch(batch.batch, batch.seq, changes, batch.full, heartbeat)


@pytest.mark.parametrize("kind", [KeyKind.INTEGRATION, KeyKind.GATEWAY, KeyKind.AGENT])
async def test_both_forms_have_the_same_effect_and_answer(worlds: tuple[World, World], kind: KeyKind) -> None:
    chance = Random(kind)
    by_world, keys = [], []
    for world in worlds:
        ids = {**await world.put(*NAMES), "nobody": NOBODY}
        scope = {
            KeyKind.INTEGRATION: [],
            KeyKind.GATEWAY: [await world.group("North", ids["a"], ids["c"])],
            KeyKind.AGENT: [ids["b"]],
        }[kind]
        by_world.append(ids)
        keys.append(await world.key(kind, *scope))
    (rows, packed), (row_ids, packed_ids) = worlds, by_world
    async with browse(rows.app, keys[0]) as row_client, browse(packed.app, keys[1]) as packed_client:
        for number in range(25):
            batch, _ = draw(chance, number)
            one = await row_client.post(STATES, content=encode_batch(named(batch, row_ids)))
            body = encode_packed(to_packed(named(batch, packed_ids)))
            other = await packed_client.post(STATES, content=body, headers={"Content-Type": MEDIA_TYPE})
            assert (one.status_code, other.status_code) == (202, 202)
            text = one.text
            for name, guid in row_ids.items():
                text = text.replace(guid, packed_ids[name])
            assert text == other.text
            assert state_of(rows, row_ids) == state_of(packed, packed_ids)


async def test_a_packed_body_of_another_form_is_refused_as_a_whole(worlds: tuple[World, World]) -> None:
    answer = await worlds[0].client.post(STATES, content=b"{}", headers={"Content-Type": MEDIA_TYPE})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
