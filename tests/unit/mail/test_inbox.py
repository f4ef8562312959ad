"""The sink keeps what it answered with 250, finds it again, and misbehaves when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from opulse.clock import ManualClock, SystemClock
from opulse.mail.inbox import Inbox, Mailbox
from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import Envelope, OutcomeState, Relay
from opulse.mail.shell import Invitation, invitation_html, invitation_text
from opulse.mail.slots import slot
from opulse.mail.smtp import RelayPool, send_one
from tests.unit.mail.relays import mail, plain

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@asynccontextmanager
async def pool_to(inbox: Inbox) -> AsyncIterator[tuple[RelayPool, Relay]]:
    pool = RelayPool(SystemClock())
    yield pool, plain(inbox.port)
    await pool.close()


def invitation_mail() -> Envelope:
    texts = Invitation(
        subject="هل جهازك بطيء؟",
        heading="Disk trouble",
        greeting=f"Hello {slot('name')},",
        body="See the [status page](https://status.example.org) first.",
        button="Open",
        survey_link=slot("survey_link"),
        unsubscribe="Stop",
        unsubscribe_link=slot("stop"),
    )
    frame = build_frame(
        MessageParts(
            from_name="IT",
            from_address="pulse@example.org",
            to_name=slot("name"),
            to_address="maya@example.org",
            subject=texts.subject,
            text=invitation_text(texts),
            html=invitation_html("ar", "rtl", texts),
            message_id="m1@example.org",
            date=mail_date(NOON),
            unsubscribe_link=slot("stop"),
        )
    )
    values = {
        "name": "مايا",
        "survey_link": "https://pulse.example.org/s/abc?a=1&b=2",
        "stop": "https://pulse.example.org/u/abc",
    }
    return Envelope("k", "bounces+1@example.org", "maya@example.org", frame.render(values))


async def test_a_mail_is_kept_and_read_back(tmp_path: Path) -> None:
    arrived: list[int] = []
    inbox = Inbox(tmp_path, ManualClock(NOON), arrived.append)
    await inbox.start()
    envelope = invitation_mail()
    outcome = await send_one(plain(inbox.port), envelope)
    await inbox.stop()
    assert outcome.state is OutcomeState.ACCEPTED
    assert arrived == [1]
    message = inbox.mailbox.get_message(1)
    assert message is not None
    summary = message.summary
    assert (summary.received, summary.mail_from, summary.rcpt_to) == (
        NOON,
        "bounces+1@example.org",
        "maya@example.org",
    )
    assert (summary.from_, summary.to, summary.subject, summary.message_id) == (
        "IT <pulse@example.org>",
        "مايا <maya@example.org>",
        "هل جهازك بطيء؟",
        "m1@example.org",
    )
    assert message.date == NOON
    assert message.text.startswith("Disk trouble\n\nHello مايا,")
    assert "<h1>Disk trouble</h1>" in message.html
    assert message.survey_link == "https://pulse.example.org/s/abc?a=1&b=2"
    assert message.unsubscribe_link == "https://pulse.example.org/u/abc"
    assert ("Auto-Submitted", "auto-generated") in message.headers
    raw = inbox.mailbox.raw(1)
    assert raw is not None and raw.endswith(envelope.data)


async def test_mails_are_there_after_a_restart(inbox: Inbox, tmp_path: Path) -> None:
    async with pool_to(inbox) as (pool, relay):
        async for outcome in pool.send_all(relay, [mail(n) for n in range(45)]):
            assert outcome.state is OutcomeState.ACCEPTED
    await inbox.stop()
    (tmp_path / "inbox" / "000000099.part").write_bytes(b"half")
    again = Mailbox(tmp_path / "inbox")
    assert again.accepted == 45
    page = again.list_messages(limit=10, offset=5)
    assert (page.total, [found.id for found in page.messages]) == (45, list(range(40, 30, -1)))
    assert again.keep("a@b.example", "c@d.example", NOON, b"Subject: x\r\n\r\n") == 46
    assert list((tmp_path / "inbox").glob("*.part")) == []
    assert again.get_message(47) is None


async def test_search_looks_at_addresses_and_subject(inbox: Inbox) -> None:
    async with pool_to(inbox) as (pool, relay):
        async for _ in pool.send_all(relay, [mail(1), mail(2, "Maya@Example.org"), mail(3)]):
            pass
    assert [found.rcpt_to for found in inbox.mailbox.list_messages(search=" maya@ ").messages] == [
        "Maya@Example.org"
    ]
    assert inbox.mailbox.list_messages(search="user3").total == 1
    assert inbox.mailbox.list_messages(search="nobody").total == 0


async def test_chosen_addresses_are_refused_and_the_others_arrive(inbox: Inbox) -> None:
    inbox.faults.rcpt["user1@example.org"] = "550 5.1.1 no such user"
    inbox.faults.rcpt["user2@example.org"] = "450 4.2.1 try later"
    inbox.faults.data["user3@example.org"] = "554 5.7.1 not wanted"
    for pipelining in (True, False):
        inbox.faults.pipelining = pipelining
        async with pool_to(inbox) as (pool, relay):
            outcomes = {
                outcome.key: outcome async for outcome in pool.send_all(relay, [mail(n) for n in range(6)])
            }
        assert [outcomes[str(n)].state.value for n in range(6)] == [
            "accepted",
            "refused",
            "deferred",
            "refused",
            "accepted",
            "accepted",
        ]
    assert inbox.mailbox.accepted == 6


async def test_unknown_is_honest_both_ways_and_the_message_id_shows_it(inbox: Inbox) -> None:
    inbox.faults.drop_after_data.add("user0@example.org")
    inbox.faults.lose_data.add("user1@example.org")
    for number in (0, 1):
        first = await send_one(plain(inbox.port), mail(number))
        assert first.state is OutcomeState.UNKNOWN
        again = await send_one(plain(inbox.port), mail(number))
        assert again.state is OutcomeState.ACCEPTED
    assert inbox.mailbox.copies() == {"0@example.org": 2, "1@example.org": 1}


async def test_delay_slows_every_mail(inbox: Inbox) -> None:
    inbox.faults.delay = 0.3
    started = SystemClock().now()
    assert (await send_one(plain(inbox.port), mail(1))).state is OutcomeState.ACCEPTED
    assert (SystemClock().now() - started).total_seconds() >= 0.3


async def test_a_mail_from_elsewhere_is_shown_as_far_as_it_goes(inbox: Inbox) -> None:
    data = b"Subject: hi\r\nDate: soon\r\n\r\nLook: https://other.example/x. Bye\r\n"
    await send_one(plain(inbox.port), Envelope("k", "", "jürgen@example.org", data))
    message = inbox.mailbox.get_message(1)
    assert message is not None
    assert (message.html, message.date, message.survey_link) == ("", None, "https://other.example/x")
    assert (message.summary.rcpt_to, message.summary.mail_from) == ("jürgen@example.org", "")
