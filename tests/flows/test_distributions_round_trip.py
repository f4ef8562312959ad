"""The whole way over real SMTP: a mail leaves, comes back to the door, and its person is not mailed again; a reminder leaves."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from opulse.clock import SystemClock
from opulse.db import Database
from opulse.experience.distributions import DistributionKind, FollowUpWish, MessageSpec, SpareReason
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.following import follow_up_due
from opulse.experience.distributions.flow.returned import Returned
from opulse.experience.distributions.flow.sending import Sender
from opulse.experience.distributions.flow.suppressing import list_suppressions
from opulse.mail.inbound import Inbound
from opulse.mail.inbox import Inbox
from opulse.mail.models import Relay, Security, Timeouts
from opulse.ports import Ports
from tests.flows.test_distributions_sending import LEASE, reaches, until
from tests.servers.installation import open_ports
from tests.unit.experience.distributions.town import build_town
from tests.unit.mail.test_reports import POSTFIX

pytestmark = pytest.mark.stores


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    sink = Inbox(tmp_path / "inbox", SystemClock())
    await sink.start()
    yield sink
    await sink.stop()


@pytest.fixture
async def ports(db: Database, inbox: Inbox) -> AsyncIterator[Ports]:
    relay = Relay("127.0.0.1", inbox.port, Security.OFF, timeouts=Timeouts(5, 5, 5))
    async with open_ports(db, SystemClock(), relay=lambda: relay) as opened:
        yield opened


async def test_a_mail_that_comes_back_and_one_that_is_refused_at_once(ports: Ports, inbox: Inbox) -> None:
    town = await build_town(ports, 3)
    inbox.faults.rcpt["User2@example.org"] = "550 5.1.1 no such user"
    sender, door = Sender(ports, lease=LEASE), Inbound(Returned(ports).takes, "127.0.0.1", 0)
    await sender.start()
    await door.start()
    try:
        first = town.request(
            follow_ups=(FollowUpWish(DistributionKind.REMINDER, timedelta(minutes=5)),),
            link_life=timedelta(days=1),
        )
        await ask(ports, first)
        await until(reaches(town, accepted=2, refused=1), 60)
        sent = {one.rcpt_to.lower(): one for one in inbox.mailbox.list_messages(limit=10).messages}
        returned = sent["user0@example.org"].mail_from

        def bounce() -> None:
            with smtplib.LMTP("127.0.0.1", door.port) as client:
                client.sendmail("", [returned], POSTFIX)

        await asyncio.to_thread(bounce)
        await until(reaches(town, accepted=1, bounced=1, refused=1), 60)
        gone = {one.email for one in await list_suppressions(ports, town.tenant)}
        assert gone == {"user0@example.org", "user2@example.org"}, "5xx at once, and the one that came back"
        await town.change_invitations(
            open_until=ports.clock.now(), sent_at=ports.clock.now() - timedelta(hours=1)
        )
        assert await follow_up_due(ports) == 1
        await until(reaches(town, accepted=2, bounced=1, refused=1), 60)
        again = await ask(ports, town.request(message=MessageSpec(subject="Another")))
        assert again.spared == {SpareReason.BOUNCED_BEFORE: 2}
    finally:
        await sender.stop()
        await door.stop()
    mails = inbox.mailbox.list_messages(limit=20).messages
    to_second = [one for one in mails if one.rcpt_to.lower() == "user1@example.org"]
    assert len(to_second) >= 2, "the invitation, and its reminder"
