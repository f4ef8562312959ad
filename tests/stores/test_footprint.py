"""The touchpoints of one person, and why they may not be asked, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory import RuleKind, leave_in, set_watched_in, views
from opulse.experience.directory.flow.people import edit_contact
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.suppressing import lift_suppression, suppress_address
from opulse.experience.distributions.models import SpareReason
from opulse.experience.footprint.flow.person import list_touchpoints, may_ask_in
from opulse.experience.footprint.models import MayAsk, Obstacle, TouchKind, Touchpoint
from opulse.experience.responses.views import responses
from opulse.ports import Ports
from tests.unit.experience.distributions.town import DAY, Town, build_town
from tests.unit.experience.impact.incident import insert_row

pytestmark = pytest.mark.stores


async def touchpoints(town: Town, person: str, **how: Any) -> list[Touchpoint]:
    return await town.ports.db.read(list_touchpoints, town.tenant, person, **how)


async def may_ask(town: Town, person: str, **how: Any) -> MayAsk:
    found = await town.ports.db.read(views.find_contact, town.tenant, town.directory, person)
    assert found is not None
    return await town.ports.db.read(may_ask_in, town.tenant, found, town.ports.clock.now(), **how)


async def test_everything_that_happened_stands_in_order(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    ann, ben = town.people
    clock.advance(60)
    first = await ask(ports, town.request(workflow="WF_1"))
    clock.advance(60)
    await ask(ports, town.request(workflow="WF_2"))
    clock.advance(60)
    row = next(row for row in await town.rows() if row["contact"] == ann and row["state"] == "queued")
    answer = {
        "tenant": town.tenant,
        "id": "R_1",
        "invitation": row["id"],
        "distribution": first.distribution,
        "state": "recorded",
        "started_at": clock.now(),
        "recorded_at": clock.now() + timedelta(seconds=30),
    }
    await ports.db.write(insert_row, responses, answer, clock.now())
    clock.advance(60)
    await ports.db.write(leave_in, town.tenant, ann, town.list_id, "by the link", clock.now())
    found = await touchpoints(town, ann)
    assert [one.kind.value for one in found] == [
        "opted_out",
        "answered",
        "started",
        "spared",
        "asked",
        "added",
    ]
    spared = found[3]
    assert (spared.reason, spared.rule[:3]) == (SpareReason.FATIGUE_RULE, "FQ_")
    assert found[4].of == first.distribution
    assert [one.kind.value for one in await touchpoints(town, ben)] == ["spared", "asked", "added"]


async def test_a_suppressed_address_is_named_with_rule_and_date(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2)
    ann, ben = town.people
    found = await ports.db.read(views.find_contact, town.tenant, town.directory, ann)
    assert found is not None
    since = clock.now()
    await suppress_address(ports, town.tenant, found.email, "olga")
    clock.advance(60)
    answer = await may_ask(town, ann)
    assert [(one.obstacle, one.reason, one.since) for one in answer.checks if one.holds] == [
        (Obstacle.SUPPRESSED, SpareReason.COMPLAINED.value, since)
    ]
    assert (answer.now, answer.from_when) == (False, None)
    assert (await may_ask(town, ben)).now
    await lift_suppression(ports, town.tenant, found.email, "olga")
    assert (await may_ask(town, ann)).now


async def test_pages_join_without_a_gap_or_a_double(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 1)
    [ann] = town.people
    for number in range(5):
        await ask(ports, town.request(workflow=f"WF_{number}"))  # all at the same moment
    whole = await touchpoints(town, ann)
    assert len(whole) == 6
    pages, place = [], None
    while page := await touchpoints(town, ann, before=place, limit=2):
        pages += page
        place = (page[-1].at, page[-1].key)
    assert pages == whole
    assert len(await touchpoints(town, ann, without=[TouchKind.ADDED])) == 5


async def test_a_change_that_workflows_saw_is_told(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 1)
    await ports.db.write(set_watched_in, town.tenant, town.directory, "WF_1", ["site"])
    clock.advance(5)
    await edit_contact(ports, town.tenant, town.directory, town.people[0], {}, {"site": "Oslo"})
    newest = (await touchpoints(town, town.people[0]))[0]
    assert (newest.kind, newest.state) == (TouchKind.CHANGED, "updated")
    assert "Oslo" in newest.what


async def test_why_not_and_until_when(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 1, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    [ann] = town.people
    assert (await may_ask(town, ann)).now
    began = clock.now()
    await ask(ports, town.request())
    clock.advance(1800)
    answer = await may_ask(town, ann)
    assert [one.obstacle for one in answer.checks if one.holds] == [Obstacle.FATIGUE_RULE]
    assert answer.from_when == began + timedelta(days=1)
    await ports.db.write(leave_in, town.tenant, ann, town.list_id, "by the link", clock.now())
    assert (await may_ask(town, ann)).from_when is not None
    listed = await may_ask(town, ann, list_id=town.list_id)
    assert (listed.now, listed.from_when) == (False, None)


async def test_the_explanation_agrees_with_the_decision(ports: Ports, clock: ManualClock) -> None:
    """Whoever may be asked by the explanation is asked, and nobody else, hour by hour."""
    rules = [(RuleKind.MAX_IN_PERIOD, 2, 6 * 3600), (RuleKind.MIN_GAP, 1, 2 * 3600)]
    town = await build_town(ports, 1, rules=rules)
    [ann] = town.people
    for hour in range(10):
        said = (await may_ask(town, ann, survey=town.survey, list_id=town.list_id)).now
        result = await ask(ports, town.request(workflow=f"WF_{hour}"))
        assert bool(result.asked) is said, f"hour {hour}"
        clock.advance(3600)
