"""Quiet hours, shifts and frequency rules by list and survey, as sendings meet them. The same on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from opulse.clock import ManualClock
from opulse.experience.directory.flow.limits import WantedRule, set_hours, set_rules
from opulse.experience.directory.flow.people import edit_contact
from opulse.experience.directory.models import AskingHours, RuleKind, RuleScope
from opulse.experience.distributions import HoldReason, SpareReason
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.chores import do_chores
from opulse.ports import Ports
from tests.unit.experience.distributions.town import DAY, Town, build_town

pytestmark = pytest.mark.stores

NIGHT = AskingHours("UTC", 22 * 60, 7 * 60, shift_field="shift")


async def town_at_night(ports: Ports, clock: ManualClock) -> Town:
    """Four people at 23:00 UTC: in London, in Tokyo (08:00), on a night shift, and in London again."""
    town = await build_town(ports, 4)
    await set_hours(ports, town.tenant, town.directory, NIGHT, "test")
    clock.advance((datetime(2026, 11, 23, 23, tzinfo=clock.now().tzinfo) - clock.now()).total_seconds())
    zones = ("Europe/London", "Asia/Tokyo", "Europe/London", "Europe/London")
    for person, zone in zip(town.people, zones, strict=True):
        await edit_contact(ports, town.tenant, town.directory, person, {"time_zone": zone}, {})
    await edit_contact(ports, town.tenant, town.directory, town.people[2], {}, {"shift": "22:00-06:00"})
    return town


async def test_who_sleeps_is_held_until_their_own_morning(ports: Ports, clock: ManualClock) -> None:
    town = await town_at_night(ports, clock)
    result = await ask(ports, town.request(send_by=timedelta(hours=12)))
    assert (result.asked, result.held) == (2, {HoldReason.QUIET_HOURS: 2})
    held = [row for row in await town.rows() if row["state"] == "held"]
    assert {row["contact"] for row in held} == {town.people[0], town.people[3]}
    assert {row["hold_until"].isoformat() for row in held} == {"2026-11-24T07:00:00+00:00"}
    clock.advance(8 * 3600)
    while await do_chores(ports):
        pass
    assert await town.states() == {"queued": 4}


async def test_a_question_of_now_is_too_late_in_the_morning(ports: Ports, clock: ManualClock) -> None:
    town = await town_at_night(ports, clock)
    await ask(ports, town.request())
    clock.advance(3601)
    while await do_chores(ports):
        pass
    assert await town.states() == {"too_late": 2, "too_late:quiet_hours": 2}


async def test_hours_that_are_set_for_another_directory_hold_nobody(ports: Ports, clock: ManualClock) -> None:
    town = await town_at_night(ports, clock)
    other = await build_town(ports, 2, tenant=town.tenant)
    assert (await ask(ports, other.request(workflow="WF_other"))).asked == 2


async def test_a_rule_of_the_survey_counts_instead_of_the_directorys(
    ports: Ports, clock: ManualClock
) -> None:
    town = await build_town(ports, 3)
    daily = WantedRule(RuleKind.MAX_IN_PERIOD, 1, DAY)
    often = WantedRule(RuleKind.MAX_IN_PERIOD, 2, DAY, RuleScope.SURVEY, town.survey)
    await set_rules(ports, town.tenant, town.directory, [daily, often], "test")
    for expected in (3, 3, 0):
        result = await ask(ports, town.request(workflow=f"WF_{clock.now():%H}"))
        assert result.asked == expected
        clock.advance(3600)
    assert result.spared == {SpareReason.FATIGUE_RULE: 3}


async def test_a_rule_of_the_list_counts_where_the_list_is_asked(ports: Ports, clock: ManualClock) -> None:
    town = await build_town(ports, 2)
    gap = WantedRule(RuleKind.MIN_GAP, 1, 3600)
    longer = WantedRule(RuleKind.MIN_GAP, 1, DAY, RuleScope.LIST, town.list_id)
    await set_rules(ports, town.tenant, town.directory, [gap, longer], "test")
    assert (await ask(ports, town.request(workflow="WF_1"))).asked == 2
    clock.advance(7200)
    assert (await ask(ports, town.request(workflow="WF_2"))).asked == 0
    assert (await ask(ports, town.request(workflow="WF_3", list_id=""))).asked == 2
