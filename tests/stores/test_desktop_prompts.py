"""Questions on desktops, from asking to what is kept: who is offered what on which system, once, and what was shown there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.flow.everywhere import set_opt_out_everywhere
from opulse.experience.directory.flow.leaving import Subscription
from opulse.experience.directory.models import SubscriptionOrigin
from opulse.experience.distributions import Channel, LinkType
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.chores import do_chores
from opulse.experience.distributions.flow.links import mute_in, unsubscribe_in
from opulse.experience.distributions.flow.steering import cancel, pause, resume
from opulse.experience.distributions.store.sending import list_due
from opulse.experience.prompts.flow.exchange import DesktopPrompts
from opulse.experience.prompts.views import desktop_prompts
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.store.tables import responses
from opulse.observe import faults
from opulse.tenancy.models import KeyKind
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.distributions.town import Town, build_town
from tests.unit.experience.impact.incident import insert_row
from tests.unit.monitoring.sensors.world import World, browse, open_world

pytestmark = pytest.mark.stores

USERS = [{"user_id": f"u{number}", "email": f"user{number}@example.org"} for number in range(4)]


@dataclass
class Desk:
    """Two systems of which ws-1 has an agent, four people, and a pulse that asks on desktops."""

    world: World
    town: Town
    client: httpx2.AsyncClient
    systems: dict[str, str]
    seq: int = 0

    async def beat(self, *users: str, prompts: Any = None, **more: Any) -> list[dict[str, Any]]:
        """A heartbeat of ws-1 while ``users`` are logged on; what is offered to it."""
        self.seq += 1
        body = {"batch": f"b{self.seq}", "seq": self.seq, "users": [{"user": one} for one in users], **more}
        answer = await self.client.post("/api/v1/sensor-states", json=body | {"prompts": prompts})
        assert answer.status_code == 202, answer.text
        return list(answer.json().get("prompts", []))

    async def ask(self, channel: Channel = Channel.DESKTOP, **more: Any) -> str:
        self.world.clock.advance(3)  # longer than it is believed that there is nothing
        return (await ask(self.world.ports, self.town.request(channel=channel, **more))).distribution

    def report(self, prompt: dict[str, Any], outcome: str = "shown", **more: Any) -> dict[str, Any]:
        return {"id": prompt["id"], "outcome": outcome, "at": self.world.clock.now().isoformat(), **more}

    async def kept(self) -> list[dict[str, Any]]:
        def query(conn: Connection) -> list[dict[str, Any]]:
            return [dict(row._mapping) for row in conn.execute(select(desktop_prompts))]

        return await self.world.ports.db.read(query)

    async def write(self, unit: Any, *values: Any) -> None:
        await self.world.ports.db.write(unit, self.town.tenant, *values)


@pytest.fixture
async def desk(db: Database, clock: ManualClock) -> AsyncIterator[Desk]:
    async with open_world(db, clock) as world:
        world.app.state.prompts = DesktopPrompts(world.ports)
        town = await build_town(world.ports, 4, tenant=world.tenant)
        systems = await world.put("ws-1", "ws-2", users=USERS)
        async with browse(world.app, await world.key(KeyKind.AGENT, systems["ws-1"])) as client:
            yield Desk(world, town, client, systems)


async def test_who_is_logged_on_is_offered_their_own_question_and_nobody_else_s(desk: Desk) -> None:
    assert await desk.beat("u1") == []
    await desk.ask()
    (offered,) = await desk.beat("u1")
    assert offered["user"] == "u1"
    assert offered["text"] == "Wie wirkt sich diese Störung im Moment auf Ihre Arbeit aus?"
    assert offered["title"]
    assert offered["button"] == "Zu den Fragen"
    path, token = offered["link"].rsplit("/", 1)
    assert path == "http://test/s"
    opened = desk.world.ports.links.read(LinkPurpose.ANSWER, token)
    assert opened == (desk.town.tenant, bytes.fromhex(offered["id"]))
    row = await desk.town.row(offered["id"])
    assert row["email"] == "User1@example.org"
    assert {one["user"] for one in await desk.beat("u0", "u2")} == {"u0", "u2"}
    assert await desk.beat() == []


async def test_desktop_alone_mails_nobody_and_is_too_late_after_send_by(desk: Desk) -> None:
    await desk.ask()
    assert await desk.town.states() == {"offered": 4}
    assert await desk.world.ports.db.read(list_due, desk.world.clock.now()) == []
    await do_chores(desk.world.ports)
    assert await desk.town.states() == {"offered": 4}
    desk.world.clock.advance(3601)
    assert await desk.beat("u1") == []
    while await do_chores(desk.world.ports):
        pass
    assert await desk.town.states() == {"too_late": 4}


async def test_a_shown_one_is_kept_once_however_often_it_is_told_and_is_not_offered_again(desk: Desk) -> None:
    distribution = await desk.ask()
    (offered,) = await desk.beat("u1")
    told = [desk.report(offered)]
    assert await desk.beat("u1", prompts=told) == []
    assert await desk.beat("u1", prompts=told) == []
    (kept,) = await desk.kept()
    assert (kept["invitation"], kept["system"], kept["outcome"]) == (
        offered["id"],
        desk.systems["ws-1"],
        "shown",
    )
    row = await desk.town.row(offered["id"])
    assert (row["state"], row["shown_at"], row["sent_at"]) == ("shown", *[desk.world.clock.now()] * 2)
    assert row["distribution"] == distribution


async def test_the_answer_of_a_repeated_batch_offers_what_there_is_now(desk: Desk) -> None:
    await desk.beat("u1")
    body = {"batch": "again", "seq": 50, "changes": [], "full": True}
    await desk.client.post("/api/v1/sensor-states", json=body)
    await desk.ask()
    answer = await desk.client.post("/api/v1/sensor-states", json=body)
    assert [one["user"] for one in answer.json()["prompts"]] == ["u1"]


async def test_each_system_of_a_person_shows_it_once(desk: Desk) -> None:
    await desk.ask()
    (offered,) = await desk.beat("u1")
    await desk.beat("u1", prompts=[desk.report(offered)])
    key = await desk.world.key(KeyKind.AGENT, desk.systems["ws-2"])
    async with browse(desk.world.app, key) as other:
        body = {"batch": "x", "seq": 1, "users": [{"user": "u1"}]}
        answer = (await other.post("/api/v1/sensor-states", json=body)).json()
        assert [one["id"] for one in answer["prompts"]] == [offered["id"]]


async def test_mail_and_desktop_keeps_the_mail_s_own_state(desk: Desk) -> None:
    await desk.ask(Channel.MAIL_AND_DESKTOP)
    assert await desk.town.states() == {"queued": 4}
    (offered,) = await desk.beat("u1")
    await desk.beat("u1", prompts=[desk.report(offered)])
    row = await desk.town.row(offered["id"])
    assert (row["state"], row["sent_at"]) == ("queued", None)
    assert row["shown_at"] is not None
    await desk.town.change_invitations(state="refused", next_try_at=None)
    (second,) = await desk.beat("u2")
    await desk.beat("u2", prompts=[desk.report(second)])
    assert (await desk.town.row(second["id"]))["state"] == "shown"


async def test_mail_alone_is_offered_to_no_desktop(desk: Desk) -> None:
    await desk.ask(Channel.MAIL)
    assert await desk.beat("u1") == []


async def test_who_opted_out_or_wants_quiet_since_being_asked_is_not_offered_it(desk: Desk) -> None:
    await desk.ask()
    offers = {one["user"]: one["id"] for one in await desk.beat("u0", "u1", "u2")}
    now = desk.world.clock.now()
    await desk.write(unsubscribe_in, offers["u0"], now)
    await desk.write(mute_in, offers["u1"], now + timedelta(hours=8), now)
    assert [one["user"] for one in await desk.beat("u0", "u1", "u2")] == ["u2"]
    wanted = Subscription(True, SubscriptionOrigin.OPERATOR, "olga")
    town = desk.town
    third = (await town.row(offers["u2"]))["contact"]
    await set_opt_out_everywhere(town.ports, town.tenant, town.directory, third, wanted)
    assert await desk.beat("u2") == []
    await set_opt_out_everywhere(town.ports, town.tenant, town.directory, third, replace(wanted, out=False))
    assert len(await desk.beat("u2")) == 1
    await desk.town.change(desk.town.people, deleted=True)
    assert await desk.beat("u0", "u1", "u2") == []


async def test_a_mute_that_came_another_way_is_heeded_and_ends(desk: Desk) -> None:
    await desk.ask()
    until = desk.world.clock.now() + timedelta(minutes=10)
    await desk.town.change(desk.town.people, muted_until=until)
    assert await desk.beat("u1") == []
    desk.world.clock.advance(601)
    assert len(await desk.beat("u1")) == 1


async def test_the_allow_list_and_the_switch_hold_desktops_too(desk: Desk) -> None:
    await desk.ask()
    await desk.town.switch(mail_open=False, allow_list=["user2@example.org"])
    assert [one["user"] for one in await desk.beat("u1", "u2")] == ["u2"]
    await desk.town.switch(mail_paused=True)
    desk.world.clock.advance(3)
    assert await desk.beat("u1", "u2") == []


async def test_a_paused_or_stopped_distribution_offers_nothing(desk: Desk) -> None:
    distribution = await desk.ask()
    await pause(desk.world.ports, desk.town.tenant, distribution, "test")
    assert await desk.beat("u1") == []
    desk.world.clock.advance(3)
    await resume(desk.world.ports, desk.town.tenant, distribution, "test")
    desk.world.clock.advance(3)
    assert len(await desk.beat("u1")) == 1
    await cancel(desk.world.ports, desk.town.tenant, distribution, "test")
    assert await desk.beat("u1") == []
    while await do_chores(desk.world.ports):
        pass
    assert await desk.town.states() == {"cancelled:stopped_by_operator": 4}


async def test_who_has_answered_is_not_asked_again(desk: Desk) -> None:
    await desk.ask(Channel.MAIL_AND_DESKTOP)
    (offered,) = await desk.beat("u1")
    values = {"tenant": desk.town.tenant, "id": "R_1", "invitation": offered["id"], "individual": True}
    values |= {"state": ResponseState.RECORDED.value, "answers": {}}
    await desk.world.ports.db.write(insert_row, responses, values, desk.world.clock.now())
    assert await desk.beat("u1") == []


async def test_a_failure_is_kept_with_its_reason_offered_again_and_gives_way_to_success(desk: Desk) -> None:
    await desk.ask()
    (offered,) = await desk.beat("u1")
    failed = desk.report(offered, "failed", detail="no notification service")
    assert [one["id"] for one in await desk.beat("u1", prompts=[failed])] == [offered["id"]]
    assert [(one["outcome"], one["detail"]) for one in await desk.kept()] == [
        ("failed", "no notification service")
    ]
    await desk.beat("u1", prompts=[desk.report(offered)])
    await desk.beat("u1", prompts=[failed])
    assert [one["outcome"] for one in await desk.kept()] == ["shown"]


async def test_an_interrupted_one_is_not_offered_again_and_not_called_shown(desk: Desk) -> None:
    await desk.ask()
    (offered,) = await desk.beat("u1")
    assert await desk.beat("u1", prompts=[desk.report(offered, "interrupted")]) == []
    assert (await desk.town.row(offered["id"]))["state"] == "offered"


async def test_what_was_shown_in_time_and_told_late_counts_as_shown(desk: Desk) -> None:
    await desk.ask()
    (offered,) = await desk.beat("u1")
    told = desk.report(offered)
    desk.world.clock.advance(3700)
    while await do_chores(desk.world.ports):
        pass
    assert (await desk.town.row(offered["id"]))["state"] == "too_late"
    await desk.beat("u1", prompts=[told])
    assert (await desk.town.row(offered["id"]))["state"] == "shown"


async def test_reports_of_strangers_are_left_and_only_an_agent_may_tell_any(desk: Desk) -> None:
    await desk.ask(Channel.MAIL)
    mailed = (await desk.town.rows())[0]["id"]
    now = desk.world.clock.now().isoformat()
    await desk.beat("u1", prompts=[{"id": one, "outcome": "shown", "at": now} for one in ("0" * 32, mailed)])
    assert await desk.kept() == []
    told = {"batch": "g", "seq": 1, "prompts": [{"id": mailed, "outcome": "shown", "at": now}]}
    answer = await desk.world.client.post("/api/v1/sensor-states", json=told)
    assert answer.status_code == 400
    assert "agent" in answer.text


@pytest.mark.parametrize(
    "prompts",
    [[{"id": "short", "outcome": "shown", "at": "2026-01-01T00:00:00Z"}], [{"id": "0" * 32}], "x"],
)
async def test_reports_that_cannot_be_read_refuse_the_batch(desk: Desk, prompts: Any) -> None:
    body = {"batch": "b", "seq": 1, "prompts": prompts}
    assert (await desk.client.post("/api/v1/sensor-states", json=body)).status_code == 400


async def test_a_link_for_everybody_is_shown_as_such(desk: Desk) -> None:
    await desk.ask(link_type=LinkType.ANONYMOUS)
    links = {one["link"] for one in await desk.beat("u1", "u2")}
    assert len(links) == 1


async def test_dying_between_keeping_and_answering_loses_and_doubles_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is durable before the 202; the agent tells it again, which changes nothing."""

    class Died(BaseException):
        pass

    def die(name: str) -> None:
        if name == "prompts.reported":
            raise Died

    await desk.ask()
    (offered,) = await desk.beat("u1")
    told = [desk.report(offered)]
    with monkeypatch.context() as patched:
        patched.setattr(faults, "point", die)
        with pytest.raises(Died):
            await desk.beat("u1", prompts=told)
    assert [one["outcome"] for one in await desk.kept()] == ["shown"]
    assert await desk.beat("u1", prompts=told) == []
    assert len(await desk.kept()) == 1
