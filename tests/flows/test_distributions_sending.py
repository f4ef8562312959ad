"""Mails leave: over real SMTP, on both databases, with every outcome a relay can give."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opulse.clock import SystemClock
from opulse.db import Database
from opulse.experience.distributions import MessageSpec
from opulse.experience.distributions.flow import sending
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.chores import do_chores
from opulse.experience.distributions.flow.reading import get_distribution
from opulse.experience.distributions.flow.sending import Sender
from opulse.experience.distributions.flow.steering import cancel, pause, resume, switch_mail
from opulse.experience.distributions.models import Turn, WaitReason
from opulse.experience.distributions.store.claims import claim_mails
from opulse.mail.inbox import Inbox
from opulse.mail.models import Relay, Security, Timeouts
from opulse.ports import Ports
from tests.servers.installation import open_ports
from tests.unit.experience.distributions.town import Town, build_town

pytestmark = pytest.mark.stores

LEASE = timedelta(seconds=6)
Condition = Callable[[], Awaitable[bool]]


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    sink = Inbox(tmp_path / "inbox", SystemClock())
    await sink.start()
    yield sink
    await sink.stop()


@pytest.fixture
async def ports(db: Database, inbox: Inbox) -> AsyncIterator[Ports]:
    relay = Relay("127.0.0.1", inbox.port, Security.OFF, timeouts=Timeouts(2, 2, 2))
    async with open_ports(db, SystemClock(), relay=lambda: relay) as opened:
        yield opened


@pytest.fixture
async def sender(ports: Ports) -> AsyncIterator[Sender]:
    running = Sender(ports, lease=LEASE)
    await running.start()
    yield running
    await running.stop()


async def until(condition: Condition, seconds: float = 15) -> None:
    """Wait for ``condition``; the time is long because other tests share the machine."""
    async with asyncio.timeout(seconds):
        for reached in iter(condition, None):
            if await reached:
                return
            await asyncio.sleep(0.02)


def reaches(town: Town, **wanted: int) -> Condition:
    """The invitations are in these states, and in no other."""

    async def reached() -> bool:
        counts = Counter(row["state"] for row in await town.rows())
        return counts == Counter(wanted)

    return reached


def recipients(inbox: Inbox) -> Counter[str]:
    return Counter(one.rcpt_to.lower() for one in inbox.mailbox.list_messages(limit=100_000).messages)


async def claim(
    ports: Ports, town: Town, distribution: str, limit: int, lease: timedelta = LEASE
) -> list[Any]:
    turn, now = Turn(town.tenant, distribution, 5), ports.clock.now()
    return await ports.db.write(claim_mails, turn, "gone", lease, now, limit)


async def test_everybody_gets_one_mail_and_it_is_written_down(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 130)
    result = await ask(ports, town.request())
    await until(reaches(town, accepted=130))
    rows = {row["message_id"]: row for row in await town.rows()}
    # first: on a machine that stood still for longer than a lease, a second copy is allowed, and its row says so
    assert {(row["attempts"], row["ambiguous"], row["relay_code"]) for row in rows.values()} == {
        (1, False, 250)
    }
    assert recipients(inbox) == {f"user{number}@example.org": 1 for number in range(130)}
    assert set(inbox.mailbox.copies()) == set(rows)
    assert all(row["relay_text"].startswith("2.0.0 kept as") and row["sent_at"] for row in rows.values())

    async def done() -> bool:
        return (await get_distribution(ports, town.tenant, result.distribution)).distribution.state == "done"

    await until(done)


async def test_the_first_mail_leaves_at_the_commit_and_waits_for_no_look(
    ports: Ports, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How soon that is stands in the benchmark; here the look that would find it by itself is an hour away."""
    monkeypatch.setattr(sending, "LOOK_SECONDS", 3600.0)
    town = await build_town(ports, 60)
    sender = Sender(ports)
    await sender.start()
    try:
        for people in (town.people[:1], town.people[1:]):  # the second time it has surely looked already
            await ask(ports, town.request(contact_ids=tuple(people)))
            await until(reaches(town, accepted=town.people.index(people[-1]) + 1))
    finally:
        await sender.stop()


async def test_the_relay_refuses_one_defers_one_and_takes_the_rest(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 6)
    inbox.faults.rcpt["User1@example.org"] = "550 5.1.1 no such user"
    inbox.faults.data["User2@example.org"] = "451 4.7.1 come back later"
    await ask(ports, town.request())
    await until(reaches(town, accepted=4, refused=1, deferred=1))
    rows = {row["email"]: row for row in await town.rows()}
    refused, deferred = rows["User1@example.org"], rows["User2@example.org"]
    assert (refused["relay_code"], refused["relay_text"], refused["next_try_at"]) == (
        550,
        "5.1.1 no such user",
        None,
    )
    assert deferred["next_try_at"] - ports.clock.now() > timedelta(seconds=20), "later, not at once"
    inbox.faults.data.clear()
    await town.change_due(deferred["id"], ports.clock.now())
    await until(reaches(town, accepted=5, refused=1))
    assert (await town.row(deferred["id"]))["attempts"] == 2


async def test_a_mail_without_an_answer_is_sent_once_more_and_marked(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 5)
    inbox.faults.drop_after_data.add("User1@example.org")  # taken, and nobody heard of it
    inbox.faults.lose_data.add("User2@example.org")  # not taken
    await ask(ports, town.request())

    async def two_unknown() -> bool:
        return sum(row["ambiguous"] for row in await town.rows()) == 2

    await until(two_unknown)
    await until(reaches(town, accepted=5))
    copies = recipients(inbox)
    assert (copies["user1@example.org"], copies["user2@example.org"]) == (2, 1)
    assert max(inbox.mailbox.copies().values()) == 2, "with the same Message-ID"
    assert {row["email"] for row in await town.rows() if row["ambiguous"]} == {
        "User1@example.org",
        "User2@example.org",
    }


async def test_what_a_crash_leaves_in_sending_is_resent_once_and_then_stays(
    ports: Ports, inbox: Inbox
) -> None:
    town = await build_town(ports, 4)
    result = await ask(ports, town.request())
    taken = await claim(ports, town, result.distribution, 3, timedelta(0))
    assert len(taken) == 3
    assert await town.states() == {"sending": 3, "queued": 1}
    await do_chores(ports)
    assert await town.states() == {"unknown:lease_ended": 3, "queued": 1}
    again = await claim(ports, town, result.distribution, 20, timedelta(0))
    assert {mail.message_id for mail in taken} <= {mail.message_id for mail in again}
    await do_chores(ports)
    rows = await town.rows()
    assert [row["state"] for row in rows] == ["unknown"] * 4
    assert sorted(row["next_try_at"] is None for row in rows) == [False, True, True, True], (
        "only one had its first try"
    )
    sender = Sender(ports, lease=LEASE)
    await sender.start()
    await until(reaches(town, accepted=1, unknown=3))
    await sender.stop()
    assert inbox.mailbox.accepted == 1


async def test_an_outcome_of_a_lost_claim_changes_nothing(ports: Ports, inbox: Inbox) -> None:
    town = await build_town(ports, 3)
    result = await ask(ports, town.request())
    inbox.faults.delay = 1.0  # longer than the lease of the first sender lasts
    slow = Sender(ports, lease=timedelta(seconds=0.2))
    await slow.start()

    async def sending() -> bool:
        return any(row["state"] == "sending" for row in await town.rows())

    await until(sending)
    await town.change_invitations(claim="somebody else")
    await slow.stop()
    rows = await town.rows()
    assert {row["claim"] for row in rows} <= {"somebody else", ""}
    assert not any(row["state"] == "accepted" for row in rows)
    assert result.asked == 3


async def test_a_pause_stops_within_two_seconds_and_resuming_goes_on(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 300)
    inbox.faults.delay = 0.05
    result = await ask(ports, town.request())

    async def some_are_there() -> bool:
        return inbox.mailbox.accepted >= 5

    await until(some_are_there)
    await pause(ports, town.tenant, result.distribution, "Ada")
    await asyncio.sleep(2)
    there = inbox.mailbox.accepted
    await asyncio.sleep(1)
    assert inbox.mailbox.accepted == there < 300
    counts = Counter(row["state"] for row in await town.rows())
    assert counts == {"accepted": there, "queued": 300 - there}
    shown = await get_distribution(ports, town.tenant, result.distribution)
    assert shown.waits is WaitReason.PAUSED
    inbox.faults.delay = 0
    await resume(ports, town.tenant, result.distribution, "Ada")
    await until(reaches(town, accepted=300))
    assert inbox.mailbox.accepted == 300, "and nobody got two"


async def test_a_cancel_stops_for_good(ports: Ports, inbox: Inbox, sender: Sender) -> None:
    town = await build_town(ports, 200)
    inbox.faults.delay = 0.05
    result = await ask(ports, town.request())

    async def some_are_there() -> bool:
        return inbox.mailbox.accepted >= 5

    await until(some_are_there)
    await cancel(ports, town.tenant, result.distribution, "Ada")

    async def settled() -> bool:
        return not {"queued", "sending"} & {row["state"] for row in await town.rows()}

    await until(settled)
    counts = Counter(row["state"] for row in await town.rows())
    assert counts == {"accepted": inbox.mailbox.accepted, "cancelled": 200 - inbox.mailbox.accepted}


async def test_the_mail_switch_stops_everything_and_lets_it_go_on(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 3)
    await switch_mail(ports, town.tenant, "Ada", paused=True)
    result = await ask(ports, town.request())
    await asyncio.sleep(1.5)
    assert await town.states() == {"queued": 3}
    assert (
        await get_distribution(ports, town.tenant, result.distribution)
    ).waits is WaitReason.MAIL_SWITCHED_OFF
    await switch_mail(ports, town.tenant, "Ada", paused=False)
    await until(reaches(town, accepted=3))


async def test_after_a_restore_nothing_leaves_until_somebody_says_so(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 2)
    await town.switch(hold_after_restore=True)
    result = await ask(ports, town.request())
    await asyncio.sleep(1.2)
    assert (await town.states(), inbox.mailbox.accepted) == ({"queued": 2}, 0)
    shown = await get_distribution(ports, town.tenant, result.distribution)
    assert shown.waits is WaitReason.HELD_AFTER_RESTORE
    await town.switch(hold_after_restore=False)
    await until(reaches(town, accepted=2))


async def test_a_question_about_now_is_not_sent_after_its_time(ports: Ports, inbox: Inbox) -> None:
    town = await build_town(ports, 3)
    past = ports.clock.now() - timedelta(minutes=61)
    await ask(ports, town.request(asked_at=past))
    sender = Sender(ports, lease=LEASE)
    await sender.start()
    await until(reaches(town, too_late=3))
    await sender.stop()
    assert inbox.mailbox.accepted == 0


async def test_mails_wait_for_a_relay_that_is_away(ports: Ports, inbox: Inbox, sender: Sender) -> None:
    port = inbox.port
    await inbox.stop()
    town = await build_town(ports, 30)
    await ask(ports, town.request())
    await asyncio.sleep(1.5)
    assert set(await town.states()) <= {
        "queued",
        "queued:connect_failed",
        "sending",
        "sending:connect_failed",
    }
    await inbox.start(port)
    await until(reaches(town, accepted=30), seconds=30)
    assert inbox.mailbox.accepted == 30
    assert {row["attempts"] for row in await town.rows()} == {1}, (
        "what was never shown to the relay is no try"
    )


async def test_the_relays_rate_is_kept(db: Database, inbox: Inbox) -> None:
    relay = Relay("127.0.0.1", inbox.port, Security.OFF, per_minute=120)
    async with open_ports(db, SystemClock(), relay=lambda: relay) as ports:
        town = await build_town(ports, 40)
        await ask(ports, town.request())
        sender = Sender(ports)
        begun = asyncio.get_running_loop().time()
        await sender.start()

        async def fourteen() -> bool:
            return inbox.mailbox.accepted >= 14

        await until(fourteen, seconds=20)
        elapsed = asyncio.get_running_loop().time() - begun
        await sender.stop()
        assert elapsed > 2.5, "ten at once, then two a second"
        states = Counter(row["state"] for row in await town.rows())
        assert states == {"accepted": inbox.mailbox.accepted, "queued": 40 - inbox.mailbox.accepted}


async def test_a_small_incident_does_not_wait_behind_a_large_one(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 310)
    inbox.faults.delay = 0.02
    large, small = (
        town.request(contact_ids=tuple(town.people[:300])),
        town.request(contact_ids=tuple(town.people[300:])),
    )
    await ask(ports, large)
    await ask(ports, small)

    async def small_is_done() -> bool:
        return {row["state"] for row in await town.rows(activation=small.activation)} == {"accepted"}

    await until(small_is_done)
    assert "queued" in {row["state"] for row in await town.rows(activation=large.activation)}


async def test_two_senders_share_the_work_and_nobody_gets_two(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 200)
    second = Sender(replace(ports), lease=LEASE)
    await second.start()
    await ask(ports, town.request())
    await until(reaches(town, accepted=200))
    await second.stop()
    assert inbox.mailbox.accepted == 200


async def test_values_that_no_mail_can_hold_stop_one_person_only(
    ports: Ports, inbox: Inbox, sender: Sender
) -> None:
    town = await build_town(ports, 3)
    await town.change(town.people[:1], first_name="Bcc: all\r\nX-Evil: yes")
    await ask(ports, town.request(message=MessageSpec(subject="For ${m://FirstName}")))
    await until(reaches(town, accepted=2, refused=1))
    (row,) = [row for row in await town.rows() if row["state"] == "refused"]
    assert row["reason"] == "not_writable"
    assert "control_character" in row["relay_text"]


async def test_who_opts_out_or_leaves_the_allow_list_before_the_mail_left_gets_none(
    ports: Ports, inbox: Inbox
) -> None:
    town = await build_town(ports, 4)
    await ask(ports, town.request())
    rows = await town.rows()
    await town.change([rows[0]["contact"]], unsubscribed=True)
    await town.switch(mail_open=False, allow_list=[rows[0]["email_key"], rows[1]["email_key"]])
    sender = Sender(ports, lease=LEASE)
    await sender.start()
    await until(reaches(town, accepted=1, spared=3))
    await sender.stop()
    assert await town.states() == {"accepted": 1, "spared:opted_out": 1, "spared:not_on_allow_list": 2}
    assert recipients(inbox) == {rows[1]["email_key"]: 1}


async def test_stopping_the_sender_settles_what_it_sent(ports: Ports, inbox: Inbox) -> None:
    town = await build_town(ports, 100)
    inbox.faults.delay = 0.05
    await ask(ports, town.request())
    sender = Sender(ports, lease=LEASE)
    await sender.start()

    async def some_are_there() -> bool:
        return inbox.mailbox.accepted >= 3

    await until(some_are_there)
    await sender.stop()
    counts = Counter(row["state"] for row in await town.rows())
    assert counts == {"accepted": inbox.mailbox.accepted, "queued": 100 - inbox.mailbox.accepted}
