"""Reminders and thank-yous: the right people, once per round, never after the links have expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from opulse.clock import ManualClock
from opulse.experience.directory import RuleKind
from opulse.experience.distributions import MessageSpec
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.following import (
    NotFollowable,
    end_follow_up,
    follow_up_due,
    list_follow_ups,
    plan_follow_up,
)
from opulse.experience.distributions.flow.links import note_progress_in
from opulse.experience.distributions.flow.sending import LEASE
from opulse.experience.distributions.flow.steering import cancel
from opulse.experience.distributions.models import (
    DistributionKind,
    FollowUpState,
    LinkType,
    Progress,
    Turn,
)
from opulse.experience.distributions.models.following import FollowUpWish
from opulse.experience.distributions.store.claims import claim_mails
from opulse.experience.distributions.store.sending import list_due
from opulse.experience.distributions.views import distributions, invitations
from opulse.ports import Ports
from tests.unit.experience.distributions.town import DAY, Town, build_town

pytestmark = pytest.mark.stores
HOUR = timedelta(hours=1)


async def mailed(ports: Ports, people: int = 6, **town_of: Any) -> tuple[Town, str, list[dict[str, Any]]]:
    """A distribution whose mails the relay took now: the town, its id, its rows by contact."""
    town = await build_town(ports, people, **town_of)
    made = await ask(ports, town.request())
    await set_rows(ports, made.distribution, state="accepted", next_try_at=None, sent_at=ports.clock.now())
    return town, made.distribution, await town.rows()


async def set_rows(ports: Ports, distribution: str, *ids: str, **values: Any) -> None:
    def unit(conn: Connection) -> None:
        chosen = update(invitations).where(invitations.c.distribution == distribution)
        chosen = chosen.where(invitations.c.id.in_(ids)) if ids else chosen
        conn.execute(chosen.values(**values))

    await ports.db.write(unit)


async def came(ports: Ports, row: dict[str, Any], progress: Progress) -> None:
    await ports.db.write(note_progress_in, row["tenant"], row["id"], progress, ports.clock.now())


async def children(ports: Ports, parent: str) -> list[dict[str, Any]]:
    """The rows of all rounds of a distribution, by contact and round."""

    def query(conn: Connection) -> list[dict[str, Any]]:
        mine = select(distributions.c.id).where(distributions.c.parent == parent)
        found = select(invitations).where(invitations.c.distribution.in_(mine))
        ordered = found.order_by(invitations.c.contact, invitations.c.asked_at)
        return [dict(row._mapping) for row in conn.execute(ordered)]

    return await ports.db.read(query)


def reminder(after: timedelta = HOUR) -> FollowUpWish:
    return FollowUpWish(DistributionKind.REMINDER, after)


async def test_who_did_not_answer_is_reminded_once_by_the_same_link(ports: Ports, clock: ManualClock) -> None:
    town, distribution, rows = await mailed(ports, 8)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    assert await follow_up_due(ports) == 0, "its time has not come"
    await came(ports, rows[0], Progress.FINISHED)
    await came(ports, rows[1], Progress.SCREENED_OUT)
    await came(ports, rows[2], Progress.STARTED)
    await town.change([rows[3]["contact"]], unsubscribed=True)
    await set_rows(ports, distribution, rows[4]["id"], state="bounced", reason="hard_bounce")
    await set_rows(ports, distribution, rows[5]["id"], reason="complaint")
    clock.advance(HOUR.total_seconds())
    assert await follow_up_due(ports) == 4
    clock.advance(2 * 60)
    assert await follow_up_due(ports) == 0, "once per person and round"
    made = {row["contact"]: row for row in await children(ports, distribution)}
    asked = {contact for contact, row in made.items() if row["state"] == "queued"}
    assert asked == {rows[2]["contact"], rows[6]["contact"], rows[7]["contact"]}
    assert (made[rows[3]["contact"]]["state"], made[rows[3]["contact"]]["reason"]) == ("spared", "opted_out")
    for row in rows[6:]:
        mine = made[row["contact"]]
        assert mine["of_invitation"] == row["id"]
        assert mine["activation"] == "", "an incident's ledger counts invitations alone"
        assert mine["send_by"] <= mine["expires_at"] == row["expires_at"]


async def test_who_answers_before_the_reminder_leaves_is_left_out(ports: Ports, clock: ManualClock) -> None:
    town, distribution, rows = await mailed(ports, 3)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    clock.advance(HOUR.total_seconds())
    await follow_up_due(ports)
    await came(ports, rows[0], Progress.FINISHED)
    (turn,) = await ports.db.read(list_due, clock.now())
    assert turn.kind is DistributionKind.REMINDER
    claimed = await ports.db.write(claim_mails, turn, "test", LEASE, clock.now(), 20)
    assert {mail.of_invitation for mail in claimed} == {row["id"] for row in rows[1:]}
    (left,) = [row for row in await children(ports, distribution) if row["state"] == "spared"]
    assert (left["contact"], left["reason"]) == (rows[0]["contact"], "answered_before")


async def test_a_reminder_counts_for_no_rule_and_heeds_what_others_asked(
    ports: Ports, clock: ManualClock
) -> None:
    """One mail a day: a day later another pulse asks the first person, and the reminder of the day before leaves them alone."""
    town = await build_town(ports, 2, rules=[(RuleKind.MAX_IN_PERIOD, 1, DAY)])
    distribution = (await ask(ports, town.request(link_life=timedelta(days=5)))).distribution
    await set_rows(ports, distribution, state="accepted", next_try_at=None, sent_at=clock.now())
    rows = await town.rows()
    await plan_follow_up(ports, town.tenant, distribution, reminder(timedelta(hours=26)), "test")
    clock.advance(DAY + 3600)
    other = town.request(contact_ids=(rows[0]["contact"],), message=MessageSpec(subject="Other"))
    assert (await ask(ports, other)).asked == 1
    clock.advance(3600)
    await follow_up_due(ports)
    made = {row["contact"]: (row["state"], row["reason"]) for row in await children(ports, distribution)}
    assert made == {rows[0]["contact"]: ("spared", "fatigue_rule"), rows[1]["contact"]: ("queued", "")}
    clock.advance(1200)
    third = town.request(contact_ids=(rows[1]["contact"],), message=MessageSpec(subject="Third"))
    assert (await ask(ports, third)).asked == 1, "the reminder took no slot"


async def test_nobody_is_reminded_after_the_links_have_expired(ports: Ports, clock: ManualClock) -> None:
    town, distribution, _ = await mailed(ports, 2)
    planned = await plan_follow_up(ports, town.tenant, distribution, reminder(timedelta(hours=23)), "test")
    clock.advance(24 * 3600)
    assert await follow_up_due(ports) == 0
    (known,) = await list_follow_ups(ports, town.tenant, distribution)
    assert (known.id, known.state, known.look_at) == (planned.id, FollowUpState.ENDED, None)


async def test_the_thanks_are_for_who_answered_and_no_rule_holds_them_back(
    ports: Ports, clock: ManualClock
) -> None:
    rule = (RuleKind.MIN_GAP, 0, 7 * DAY)
    town, distribution, rows = await mailed(ports, 3, rules=[rule])
    wish = FollowUpWish(DistributionKind.THANK_YOU, timedelta(minutes=10))
    await plan_follow_up(ports, town.tenant, distribution, wish, "test")
    clock.advance(HOUR.total_seconds())
    assert await follow_up_due(ports) == 0
    await came(ports, rows[1], Progress.FINISHED)
    clock.advance(9 * 60)
    assert await follow_up_due(ports) == 0
    clock.advance(16 * 60)
    assert await follow_up_due(ports) == 1
    await came(ports, rows[1], Progress.FINISHED)  # changed the answer
    clock.advance(HOUR.total_seconds())
    assert await follow_up_due(ports) == 0, "once per person"
    (made,) = await children(ports, distribution)
    assert (made["contact"], made["state"]) == (rows[1]["contact"], "queued")


async def test_a_round_goes_on_where_a_crash_left_it(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, distribution, _ = await mailed(ports, 7)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    clock.advance(HOUR.total_seconds())
    monkeypatch.setattr("opulse.experience.distributions.flow.following.CHUNK", 3)
    write, writes = ports.db.write, 0

    async def write_twice(unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes > 2:
            raise ConnectionError("killed")
        return await write(unit, *args, **kwargs)

    monkeypatch.setattr(ports.db, "write", write_twice)
    with pytest.raises(ConnectionError):
        await follow_up_due(ports)
    monkeypatch.undo()
    assert len(await children(ports, distribution)) == 6
    assert await follow_up_due(ports) == 1
    assert len({row["contact"] for row in await children(ports, distribution)}) == 7


async def test_a_second_round_reminds_again_and_an_ended_one_nobody(ports: Ports, clock: ManualClock) -> None:
    town, distribution, _ = await mailed(ports, 2)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    last = await plan_follow_up(ports, town.tenant, distribution, reminder(3 * HOUR), "test")
    assert last.number == 2
    third = await plan_follow_up(ports, town.tenant, distribution, reminder(5 * HOUR), "test")
    await end_follow_up(ports, town.tenant, distribution, third.id, "test")
    for _ in range(12):
        clock.advance(HOUR.total_seconds())
        await follow_up_due(ports)
    assert len(await children(ports, distribution)) == 4
    with pytest.raises(LookupError):
        await end_follow_up(ports, town.tenant, "EMD_other", third.id, "test")


async def test_what_cannot_be_followed_is_refused_with_the_reason(ports: Ports) -> None:
    town, distribution, _ = await mailed(ports, 1)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    for wish in (reminder(), reminder(timedelta(minutes=1)), reminder(timedelta(days=90))):
        with pytest.raises(NotFollowable):
            await plan_follow_up(ports, town.tenant, distribution, wish, "test")
    open_link = town.request(link_type=LinkType.MULTIPLE, message=MessageSpec(subject="Open"))
    made = await ask(ports, open_link)
    with pytest.raises(NotFollowable, match="individual"):
        await plan_follow_up(ports, town.tenant, made.distribution, reminder(), "test")
    await cancel(ports, town.tenant, distribution, "test")
    with pytest.raises(NotFollowable, match="stopped"):
        await plan_follow_up(ports, town.tenant, distribution, reminder(2 * HOUR), "test")
    with pytest.raises(LookupError):
        await plan_follow_up(ports, town.tenant, "EMD_none", reminder(), "test")


def test_turns_of_invitations_are_not_looked_into() -> None:
    """What a claim costs an invitation is what it cost before."""
    assert Turn(1, "EMD_1", 5).kind is DistributionKind.INVITE
