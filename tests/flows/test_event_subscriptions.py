"""What programs hear of a person's answers: each that counts, none that does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.flow.policies import store as policies
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.subscriptions.flow.publishing import EVENT_PUBLISHED
from opulse.experience.subscriptions.flow.subscribing import subscribe
from opulse.jobs.table import jobs
from tests.unit.experience.responses.asked_people import Asked, ask_somebody

pytestmark = pytest.mark.stores


@pytest.fixture
async def asked(db: Database, clock: ManualClock) -> AsyncIterator[Asked]:
    async with ask_somebody(db, clock) as one:
        await one.ports.db.write(
            policies.upsert_policy, one.tenant, ResponsePolicy(one.survey, Identity.NAMED)
        )
        for _ in range(2):
            await subscribe(one.ports, one.tenant, "*", "https://93.184.216.34/", "", "test")
        yield one


async def told(asked: Asked) -> list[dict[str, Any]]:
    query = select(jobs.c.payload).where(jobs.c.kind == EVENT_PUBLISHED).order_by(jobs.c.id)
    return [
        row.payload["message"] for row in await asked.ports.db.read(lambda conn: conn.execute(query).all())
    ]


async def test_each_answer_is_told_to_each_that_listens(asked: Asked) -> None:
    await asked.press(QID1="4")
    (row,) = await asked.stored()
    first = await told(asked)
    assert [(one["Status"], one["ResponseID"]) for one in first] == [("Complete", row["id"])] * 2
    await asked.press(QID1="2")
    assert len(await told(asked)) == 4, "a changed answer is told again"


async def test_a_machines_press_and_an_unfinished_one_are_not_told(asked: Asked) -> None:
    page = await asked.open()
    await asked.press(page, QID1="4")  # sent the moment the page was opened
    assert [row["state"] for row in await asked.stored()] == ["quarantined"]
    await asked.press(QID2="3")
    assert await told(asked) == []


async def test_who_takes_their_answer_back_is_not_told_of(asked: Asked) -> None:
    await asked.press(QID1="4")
    await asked.press(intent="not_me")
    assert [row["state"] for row in await asked.stored()] == ["withdrawn"]
    assert len(await told(asked)) == 2, "the answer, and not its end"
