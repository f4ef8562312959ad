"""Mails written and sent by a process of its own: a real one, to a real SMTP server, stopped and killed in between."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import psutil
import pytest

from opulse.clock import SystemClock
from opulse.mail.carrier import Addressee, Carrier, CarrierProcess, Carries, Writer
from opulse.mail.carrier import process as carrier_process
from opulse.mail.message import MessageParts, build_frame
from opulse.mail.models import (
    MessageRefused,
    Outcome,
    OutcomeReason,
    OutcomeState,
    Refusal,
    Relay,
    Security,
    WireMessage,
)
from opulse.mail.signing import Signer
from opulse.mail.slots import slot
from opulse.mail.smtp import Permit, RelayPool
from opulse.mail.verp import Verp
from opulse.wire.tokens import LinkPurpose, LinkTokens
from tests.servers.smtp import SmtpSink
from tests.unit.mail.domain_key import DOMAIN, SELECTOR, private_pem, verifies

SinkMaker = Callable[..., SmtpSink]
LINKS = LinkTokens([(7, bytes(range(32)))])
DOWN = (OutcomeState.UNKNOWN, OutcomeReason.CARRIER_LOST)


@dataclass
class Hold:
    """A leash that the test holds."""

    stopped: bool = False
    until: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))

    def must_stop(self) -> bool:
        return self.stopped


def writer() -> Writer:
    parts = MessageParts(
        from_address="pulse@example.org",
        to_address=slot("email"),
        subject=f"Is it slow, {slot('first_name')}?",
        text=f"{slot('survey_link')}\n{slot('f1')}\n",
        message_id=slot("message_id"),
        date=slot("date"),
        unsubscribe_link=slot("unsubscribe_link"),
    )
    frames = {
        ("en", True): build_frame(parts),
        ("xx", True): MessageRefused(Refusal.UNSAFE_PLACE, "body"),
    }
    bounces = Verp("example.org", (b"k" * 32,))
    return Writer(3, "https://pulse.example.org", LINKS, bounces, "", {"e://Field/site": "f1"}, frames)


def people(count: int, start: int = 0) -> list[Addressee]:
    return [
        Addressee(
            f"{number:032x}",
            f"p{number}@example.org",
            f"P{number}",
            "",
            "en",
            {"e://Field/site": "Ulm"},
            f"{number}@x",
        )
        for number in range(start, start + count)
    ]


def relay(sink: SmtpSink, connections: int = 4) -> Relay:
    return Relay("127.0.0.1", sink.port, Security.OFF, connections=connections)


async def carried(
    carrier: Carries, sink: SmtpSink, whom: Sequence[Addressee], hold: Hold | None = None
) -> list[Outcome]:
    permit = Permit(relay(sink), len(whom))
    return [one async for one in carrier.carry(permit, writer(), whom, hold or Hold())]


def states(outcomes: Sequence[Outcome]) -> list[tuple[OutcomeState, OutcomeReason]]:
    return [(one.state, one.reason) for one in outcomes]


@pytest.fixture
def own() -> Carrier:
    return Carrier(RelayPool(SystemClock()), SystemClock())


@pytest.fixture
async def apart(own: Carrier) -> AsyncIterator[CarrierProcess]:
    carrier = CarrierProcess(own)
    yield carrier
    await carrier.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  # another process changes it
            await asyncio.sleep(0.02)


def is_dead(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def pid_of(carrier: CarrierProcess) -> int:
    assert carrier.pid is not None
    return carrier.pid


async def test_the_mails_are_those_that_this_process_would_have_sent(
    own: Carrier, apart: CarrierProcess, smtp_sinks: SinkMaker
) -> None:
    here, there = smtp_sinks(), smtp_sinks()
    whom = people(20)
    assert states(await carried(own, here, whom)) == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)] * 20
    assert states(await carried(apart, there, whom)) == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)] * 20
    assert apart.pid not in (None, os.getpid())
    mine, its = ({mail.recipients[0]: mail for mail in sink.mails()} for sink in (here, there))
    assert mine.keys() == its.keys() == {person.email for person in whom}
    for address, mail in mine.items():
        assert mail.sender == its[address].sender
        assert mail.message["Subject"] == its[address].message["Subject"]
        assert mail.message["Message-ID"] == its[address].message["Message-ID"]
        assert mail.message.get_content() == its[address].message.get_content()
        assert (
            LINKS.issue(LinkPurpose.ANSWER, 3, bytes.fromhex(whom[int(address[1:].split("@")[0])].key))
            in mail.message.get_content()
        )
    await own.close()


async def test_signed_mails_verify_as_they_came_to_the_relay(
    apart: CarrierProcess, smtp_sink: SmtpSink
) -> None:
    signed = replace(writer(), signer=Signer(DOMAIN, SELECTOR, private_pem()))
    permit = Permit(relay(smtp_sink), 5)
    outcomes = [one async for one in apart.carry(permit, signed, people(5), Hold())]
    assert {one.state for one in outcomes} == {OutcomeState.ACCEPTED}
    received = [mail.raw.replace(b"\n", b"\r\n") for mail in smtp_sink.mails()]
    assert len(received) == 5
    assert all(map(verifies, received))


async def test_signing_many_mails_keeps_nobody_else_waiting(own: Carrier, smtp_sink: SmtpSink) -> None:
    """A hundred bursts that sign at once would be taken for a process that hangs, were one not left between two mails."""
    turns, seen = 0, list[int]()

    class Slow(Signer):
        def sign(self, message: WireMessage) -> WireMessage:
            seen.append(turns)
            return message

    async def others() -> None:
        nonlocal turns
        while len(seen) < 10:
            turns += 1
            await asyncio.sleep(0)

    signed, permit = replace(writer(), signer=Slow(DOMAIN, SELECTOR, "")), Permit(relay(smtp_sink), 10)
    beside = asyncio.create_task(others())
    outcomes = [one async for one in own.carry(permit, signed, people(10), Hold())]
    await beside
    await own.close()
    assert {one.state for one in outcomes} == {OutcomeState.ACCEPTED}
    assert len(set(seen)) == 10, "the others had a turn between any two signatures"


async def test_one_person_and_one_language_that_cannot_be_written_never_stop_the_rest(
    apart: CarrierProcess, smtp_sink: SmtpSink
) -> None:
    good, bad, odd = people(3)
    outcomes = await carried(
        apart, smtp_sink, [bad._replace(email="no address"), odd._replace(language="xx"), good]
    )
    told = {one.key: one for one in outcomes}
    assert told[good.key].state is OutcomeState.ACCEPTED
    assert (told[bad.key].state, told[bad.key].reason) == (OutcomeState.REFUSED, OutcomeReason.NOT_WRITABLE)
    assert told[odd.key].text == "body: unsafe_place"
    assert [mail.recipients for mail in smtp_sink.mails()] == [(good.email,)]


async def test_a_stop_reaches_the_process_between_two_messages(
    apart: CarrierProcess, smtp_sinks: SinkMaker
) -> None:
    sink, hold = smtp_sinks("-w", "1"), Hold()
    carrying = asyncio.create_task(carried(apart, sink, people(10), hold))
    await until(sink.mails)
    hold.stopped = True
    outcomes = await carrying
    sent = sum(one.state is OutcomeState.ACCEPTED for one in outcomes)
    assert 0 < sent < 10
    assert states(outcomes[sent:]) == [(OutcomeState.NOT_SENT, OutcomeReason.STOPPED)] * (10 - sent)
    assert len(sink.mails()) == sent


async def test_the_process_stops_by_itself_when_the_lease_ends_and_goes_on_when_it_is_renewed(
    apart: CarrierProcess, smtp_sinks: SinkMaker
) -> None:
    await apart.start()
    sink = smtp_sinks("-w", "1")
    short = Hold(until=datetime.now(UTC) + timedelta(seconds=1.5))
    renewed = replace(short)
    waiting = asyncio.gather(
        carried(apart, sink, people(4), short), carried(apart, sink, people(4, 10), renewed)
    )
    await asyncio.sleep(0.3)
    renewed.until += timedelta(minutes=1)
    ended, whole = await waiting
    assert states(whole) == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)] * 4
    assert states(ended)[-1] == (OutcomeState.NOT_SENT, OutcomeReason.STOPPED)


async def test_what_a_killed_process_was_sending_is_unknown_and_the_next_burst_has_a_new_one(
    apart: CarrierProcess, smtp_sinks: SinkMaker
) -> None:
    sink = smtp_sinks("-w", "1")
    carrying = asyncio.create_task(carried(apart, sink, people(5)))
    await until(sink.mails)
    first = pid_of(apart)
    os.kill(first, signal.SIGKILL)
    outcomes = await carrying
    assert {one.key for one in outcomes} == {person.key for person in people(5)}
    assert DOWN in states(outcomes)
    assert set(states(outcomes)) <= {DOWN, (OutcomeState.ACCEPTED, OutcomeReason.REPLY)}
    assert states(await carried(apart, sink, people(1, 50))) == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)]
    assert pid_of(apart) != first


async def test_a_process_that_hangs_is_killed(
    apart: CarrierProcess, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier_process, "SILENT_SECONDS", 2)
    await apart.start()
    os.kill(pid_of(apart), signal.SIGSTOP)
    assert states(await carried(apart, smtp_sink, people(3))) == [DOWN] * 3
    assert (
        states(await carried(apart, smtp_sink, people(3, 10)))
        == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)] * 3
    )


async def test_where_it_keeps_dying_this_process_carries(apart: CarrierProcess, smtp_sink: SmtpSink) -> None:
    for _ in range(carrier_process.MOST_DEATHS):
        await apart.start()
        process = psutil.Process(pid_of(apart))
        process.kill()
        await until(partial(is_dead, process))
        await asyncio.sleep(0.05)  # until the end of its channel is seen
    assert (
        states(await carried(apart, smtp_sink, people(2)))
        == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)] * 2
    )
    assert apart.pid is None


async def test_it_ends_with_its_owner(apart: CarrierProcess) -> None:
    await apart.start()
    process = psutil.Process(pid_of(apart))
    process.terminate()  # as a service manager does, which tells every process of the service
    await asyncio.sleep(0.2)
    assert process.is_running()
    await apart.close()
    assert not process.is_running()


async def test_writers_beyond_what_it_keeps_are_sent_again(
    apart: CarrierProcess, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier_process, "KEPT", 2)
    writers = [writer() for _ in range(4)]
    permit = Permit(relay(smtp_sink), 1)
    for number, one in enumerate([*writers, writers[0]]):
        outcomes = [outcome async for outcome in apart.carry(permit, one, people(1, number), Hold())]
        assert states(outcomes) == [(OutcomeState.ACCEPTED, OutcomeReason.REPLY)]
    assert len(smtp_sink.mails()) == 5
