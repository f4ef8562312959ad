"""Bounces and complaints over a real SMTP connection, and what they make of the invitation and of the address."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, select

from opulse.experience.distributions import MessageSpec, SpareReason
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.bouncing import MAIL_BOUNCED
from opulse.experience.distributions.flow.returned import Returned
from opulse.experience.distributions.store.returning import list_suppressions, returned_mails
from opulse.jobs.table import jobs
from opulse.mail.inbound import Inbound
from opulse.mail.verp import Verp
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import create_tenant
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.distributions.town import Town, build_town
from tests.unit.mail.test_reports import ARF, POSTFIX

pytestmark = pytest.mark.stores


@pytest.fixture
async def door(ports: Ports) -> AsyncIterator[Inbound]:
    inbound = Inbound(Returned(ports).takes, "127.0.0.1", 0)
    await inbound.start()
    yield inbound
    await inbound.stop()


async def send(door: Inbound, recipient: str, mail: bytes, sender: str = "", *, lmtp: bool = False) -> Any:
    """As the organisation's mail server brings it; the refusals, by recipient, or the error."""

    def talk() -> Any:
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        with kind("127.0.0.1", door.port) as client:
            try:
                return client.sendmail(sender, [recipient], mail)
            except smtplib.SMTPException as error:
                return error

    return await asyncio.to_thread(talk)


def bounce_address(ports: Ports, invitation: str) -> str:
    domain = ports.mail_from.rpartition("@")[2]
    return Verp(domain, (ports.digest_key,)).encode(bytes.fromhex(invitation))


async def mailed(ports: Ports, people: int = 3) -> tuple[Town, list[dict[str, Any]]]:
    """People whose mails the relay took; another tenant stands beside them."""
    await create_tenant(ports, "Other", "test")
    town = await build_town(ports, people)
    await ask(ports, town.request())
    now = ports.clock.now()
    await town.change_invitations(state="accepted", next_try_at=None, sent_at=now, open_until=now)
    return town, await town.rows()


async def reports(ports: Ports) -> list[Any]:
    def query(conn: Connection) -> list[Any]:
        return list(conn.execute(select(returned_mails)))

    return await ports.db.read(query)


async def announced(ports: Ports) -> list[Any]:
    """The payloads of jobs that tell workflows of bounces."""

    def query(conn: Connection) -> list[Any]:
        return list(conn.execute(select(jobs.c.payload).where(jobs.c.kind == MAIL_BOUNCED)).scalars())

    return await ports.db.read(query)


async def test_a_hard_bounce_marks_the_invitation_and_keeps_the_address_from_later_mails(
    ports: Ports, door: Inbound
) -> None:
    town, rows = await mailed(ports)
    address = bounce_address(ports, rows[0]["id"])
    assert await send(door, address.upper(), POSTFIX) == {}, "local parts lose their case on the way"
    row = await town.row(rows[0]["id"])
    assert (row["state"], row["reason"]) == ("bounced", "hard_bounce")
    assert row["relay_text"].startswith("5.1.1 550 5.1.1 <nobody@example.org>")
    again = await ask(ports, town.request(message=MessageSpec(subject="Another")))
    assert (again.asked, again.spared) == (2, {SpareReason.BOUNCED_BEFORE: 1})
    (suppressed,) = await ports.db.read(list_suppressions, town.tenant)
    assert (suppressed.email, suppressed.contact) == (rows[0]["email_key"], rows[0]["contact"])
    assert suppressed.at == ports.clock.now()
    await send(door, address, POSTFIX)
    assert len(await reports(ports)) == 1, "brought again, it is known"
    assert [job["invitations"] for job in await announced(ports)] == [[rows[0]["id"]]], (
        "workflows hear of it once"
    )


async def test_what_waits_for_a_dead_address_is_not_sent(ports: Ports, door: Inbound) -> None:
    town, rows = await mailed(ports)
    second = town.request(message=MessageSpec(subject="Another"))
    await ask(ports, second)
    await send(door, bounce_address(ports, rows[1]["id"]), POSTFIX)
    states = await town.states(activation=second.activation)
    assert states["spared:bounced_before"] == 1


async def test_a_soft_bounce_is_kept_and_the_address_goes_on(ports: Ports, door: Inbound) -> None:
    town, rows = await mailed(ports)
    full = POSTFIX.replace(b"5.1.1", b"5.2.2")
    await send(door, bounce_address(ports, rows[0]["id"]), full, lmtp=True)
    assert (await town.row(rows[0]["id"]))["reason"] == "soft_bounce"
    assert (await ask(ports, town.request(message=MessageSpec(subject="Another")))).asked == 3
    assert await announced(ports) == []
    await send(door, bounce_address(ports, rows[0]["id"]), POSTFIX)
    assert len(await announced(ports)) == 1
    assert (await town.row(rows[0]["id"]))["reason"] == "hard_bounce", "the later, worse word counts"
    await send(door, bounce_address(ports, rows[0]["id"]), full)
    assert (await town.row(rows[0]["id"]))["reason"] == "hard_bounce"


async def test_a_complaint_is_found_by_sender_or_by_the_unsubscribe_link(ports: Ports, door: Inbound) -> None:
    town, rows = await mailed(ports)
    box = f"complaints@{ports.mail_from.rpartition('@')[2]}"
    own = bounce_address(ports, rows[0]["id"]).encode()
    named = ARF.replace(b"bounces+00ff.aa@example.org", own)
    assert await send(door, box, named, "feedback@provider.example") == {}
    token = ports.links.issue(LinkPurpose.UNSUBSCRIBE, town.tenant, bytes.fromhex(rows[1]["id"]))
    redacted = ARF.replace(b"bounces+00ff.aa@example.org", b"redacted").replace(
        b"/u/token", f"/u/{token}".encode()
    )
    assert await send(door, box, redacted, "feedback@provider.example") == {}
    for row in rows[:2]:
        now = await town.row(row["id"])
        assert (now["state"], now["reason"]) == ("accepted", "complaint")
    again = await ask(ports, town.request(message=MessageSpec(subject="Another")))
    assert again.spared == {SpareReason.COMPLAINED: 2}


async def test_nobody_invents_a_bounce(ports: Ports, door: Inbound) -> None:
    town, rows = await mailed(ports)
    other = Verp("example.org", (b"another key, of 16 or more",)).encode(bytes.fromhex(rows[0]["id"]))
    for address in (other, "somebody@example.org", "bounces@example.org", "<>"):
        assert isinstance(await send(door, address, POSTFIX), smtplib.SMTPRecipientsRefused)
    forged = ARF.replace(b"bounces+00ff.aa@example.org", other.encode())
    assert await send(door, "complaints@example.org", forged, "a@b.example") == {}
    assert await send(door, bounce_address(ports, "0" * 32), POSTFIX) == {}, (
        "of an invitation that was erased"
    )
    assert await town.states() == {"accepted": 3}
    assert await reports(ports) == []


async def test_a_bounce_that_overtakes_the_books_is_asked_for_again(ports: Ports, door: Inbound) -> None:
    town, rows = await mailed(ports)
    await town.change_invitations(state="sending")
    refused = await send(door, bounce_address(ports, rows[0]["id"]), POSTFIX)
    assert isinstance(refused, smtplib.SMTPDataError)
    assert refused.smtp_code == 451
    assert await reports(ports) == []


async def test_rubbish_is_answered_and_the_door_stays_open(ports: Ports, door: Inbound) -> None:
    _, rows = await mailed(ports)
    for rubbish in (b"\x16\x03\x01\x02" * 500 + b"\n", b"GET / HTTP/1.1\r\n\r\n" * 20, b"x" * 100_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(rubbish)
        writer.write_eof()
        async with asyncio.timeout(30):
            await reader.read()
        writer.close()
    large = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n" * 600_000
    refused = await send(door, bounce_address(ports, rows[0]["id"]), large)
    assert isinstance(refused, smtplib.SMTPException)
    assert await send(door, bounce_address(ports, rows[0]["id"]), POSTFIX) == {}
