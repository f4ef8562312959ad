"""What a burst does with each of a relay's ways to answer: exactly one outcome per mail, and the right one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from opulse.clock import SystemClock
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState, Stage
from opulse.mail.smtp import RelayPool, send_one
from tests.servers.smtp import SmtpSink
from tests.unit.mail.relays import Scripted, mail, plain

ScriptedRelay = Callable[..., Awaitable[Scripted]]
PIPELINED = ("PIPELINING", "SIZE 100000", "8BITMIME", "SMTPUTF8")
LOCK_STEP = ("SIZE 100000", "8BITMIME", "SMTPUTF8")
both_ways = pytest.mark.parametrize("offers", [PIPELINED, LOCK_STEP], ids=["pipelined", "lock-step"])


async def burst(port: int, count: int, **settings: Any) -> list[Outcome]:
    relay = plain(port, **settings)
    pool = RelayPool(SystemClock())
    try:
        permit = await pool.permit(relay, count)
        return [outcome async for outcome in pool.send_burst(permit, [mail(n) for n in range(count)])]
    finally:
        await pool.close()


def states(outcomes: list[Outcome]) -> dict[str, OutcomeState]:
    assert len({outcome.key for outcome in outcomes}) == len(outcomes)
    return {outcome.key: outcome.state for outcome in outcomes}


@both_ways
async def test_every_mail_of_a_burst_is_accepted(scripted: ScriptedRelay, offers: tuple[str, ...]) -> None:
    relay = await scripted(offers=offers)
    outcomes = await burst(relay.port, 20)
    assert states(outcomes) == {str(n): OutcomeState.ACCEPTED for n in range(20)}
    assert {(outcome.stage, outcome.code, outcome.text) for outcome in outcomes} == {
        (Stage.END, 250, "queued")
    }
    assert len(relay.writes) == 20
    assert relay.connections == 1


async def test_smtp_sink_takes_a_burst_with_and_without_pipelining(
    smtp_sinks: Callable[..., SmtpSink],
) -> None:
    for options in ((), ("-p",), ("-e",), ("-8",)):  # all offered; no PIPELINING; HELO only; no 8BITMIME
        sink = smtp_sinks(*options)
        outcomes = await burst(sink.port, 20)
        assert set(states(outcomes).values()) == {OutcomeState.ACCEPTED}
        assert sorted(found.recipients[0] for found in sink.mails()) == sorted(
            f"user{n}@example.org" for n in range(20)
        )


async def test_smtp_sink_that_refuses_every_recipient_refuses_each_mail(
    smtp_sinks: Callable[..., SmtpSink],
) -> None:
    hard = await burst(smtp_sinks("-f", "RCPT").port, 5)
    assert {(outcome.state, outcome.stage) for outcome in hard} == {(OutcomeState.REFUSED, Stage.RCPT)}
    soft = await burst(smtp_sinks("-r", "RCPT").port, 5)
    assert {(outcome.state, outcome.stage) for outcome in soft} == {(OutcomeState.DEFERRED, Stage.RCPT)}


async def test_smtp_sink_that_leaves_after_the_data_makes_the_mail_unknown(
    smtp_sinks: Callable[..., SmtpSink],
) -> None:
    outcomes = await burst(smtp_sinks("-q", ".").port, 3)
    assert states(outcomes) == {
        "0": OutcomeState.UNKNOWN,
        "1": OutcomeState.NOT_SENT,
        "2": OutcomeState.NOT_SENT,
    }


@both_ways
@pytest.mark.parametrize("data", ["354 go on", "503 5.5.1 no recipient", "554 5.5.1 no valid recipients"])
async def test_a_refused_recipient_in_the_middle_costs_nobody_else_their_mail(
    scripted: ScriptedRelay, offers: tuple[str, ...], data: str
) -> None:
    relay = await scripted(
        offers=offers,
        answers={
            "RCPT TO:<user2@": ["550 5.1.1 no such user"],
            "DATA": ["354 go on", "354 go on", data, "354 go on"] if offers is PIPELINED else ["354 go on"],
            ".": ["250 queued", "250 queued", "554 5.5.1 no recipients", "250 queued"]
            if data.startswith("354") and offers is PIPELINED
            else ["250 queued"],
        },
    )
    outcomes = await burst(relay.port, 5)
    found = states(outcomes)
    assert found.pop("2") is OutcomeState.REFUSED
    assert set(found.values()) == {OutcomeState.ACCEPTED} and len(found) == 4
    refused = next(outcome for outcome in outcomes if outcome.key == "2")
    assert (refused.stage, refused.code, refused.text) == (Stage.RCPT, 550, "5.1.1 no such user")
    assert [body for body in relay.writes if b"Message-ID: <2@" in body] == []
    assert sum(b"hello" in body for body in relay.writes) == 4


@both_ways
async def test_4xx_defers_and_5xx_refuses_at_every_stage(
    scripted: ScriptedRelay, offers: tuple[str, ...]
) -> None:
    relay = await scripted(
        offers=offers,
        answers={
            "MAIL FROM:<bounces+0@": ["452 4.3.1 full"],
            "MAIL FROM:<bounces+1@": ["553 5.1.8 sender"],
            "RCPT TO:<user2@": ["450 4.2.1 greylisted"],
            "RCPT TO:<user3@": ["550 5.1.1 unknown"],
        },
    )
    outcomes = {outcome.key: outcome for outcome in await burst(relay.port, 5)}
    assert [(outcomes[str(n)].state.value, outcomes[str(n)].stage.value) for n in range(5)] == [
        ("deferred", "mail"),
        ("refused", "mail"),
        ("deferred", "rcpt"),
        ("refused", "rcpt"),
        ("accepted", "end"),
    ]


@both_ways
async def test_a_message_may_be_deferred_or_refused_after_its_end(
    scripted: ScriptedRelay, offers: tuple[str, ...]
) -> None:
    relay = await scripted(offers=offers, answers={".": ["451 4.3.0 later", "554 5.7.1 spam", "250 ok"]})
    outcomes = await burst(relay.port, 3)
    assert [(outcome.state, outcome.stage, outcome.code) for outcome in outcomes] == [
        (OutcomeState.DEFERRED, Stage.END, 451),
        (OutcomeState.REFUSED, Stage.END, 554),
        (OutcomeState.ACCEPTED, Stage.END, 250),
    ]


@both_ways
async def test_data_refused_before_the_message(scripted: ScriptedRelay, offers: tuple[str, ...]) -> None:
    relay = await scripted(offers=offers, answers={"DATA": ["451 4.3.2 not now", "354 go on"]})
    outcomes = await burst(relay.port, 2)
    assert [(outcome.state, outcome.stage) for outcome in outcomes] == [
        (OutcomeState.DEFERRED, Stage.DATA),
        (OutcomeState.ACCEPTED, Stage.END),
    ]
    assert "RSET" in relay.seen


@both_ways
async def test_421_before_the_data_leaves_the_rest_not_sent(
    scripted: ScriptedRelay, offers: tuple[str, ...]
) -> None:
    relay = await scripted(offers=offers, answers={"RCPT TO:<user1@": ["421 4.3.2 going down"]})
    outcomes = await burst(relay.port, 4)
    assert states(outcomes) == {
        "0": OutcomeState.ACCEPTED,
        "1": OutcomeState.NOT_SENT,
        "2": OutcomeState.NOT_SENT,
        "3": OutcomeState.NOT_SENT,
    }
    assert {(outcome.reason, outcome.code) for outcome in outcomes[1:]} == {
        (OutcomeReason.RELAY_CLOSING, 421)
    }


@both_ways
async def test_421_after_the_data_defers_that_mail(scripted: ScriptedRelay, offers: tuple[str, ...]) -> None:
    relay = await scripted(offers=offers, answers={".": ["250 ok", "421 4.7.0 too many"]})
    outcomes = await burst(relay.port, 4)
    assert [outcome.state for outcome in outcomes] == [
        OutcomeState.ACCEPTED,
        OutcomeState.DEFERRED,
        OutcomeState.NOT_SENT,
        OutcomeState.NOT_SENT,
    ]


@both_ways
async def test_lost_after_the_data_is_unknown_and_lost_before_is_not_sent(
    scripted: ScriptedRelay, offers: tuple[str, ...]
) -> None:
    relay = await scripted(offers=offers, answers={".": ["250 ok", "drop"]})
    outcomes = await burst(relay.port, 3)
    assert [(outcome.state, outcome.reason) for outcome in outcomes[:2]] == [
        (OutcomeState.ACCEPTED, OutcomeReason.REPLY),
        (OutcomeState.UNKNOWN, OutcomeReason.CONNECTION_LOST),
    ]
    assert outcomes[2].state is OutcomeState.NOT_SENT

    before = await scripted(offers=offers, answers={"RCPT": ["250 ok", "drop"]})
    outcomes = await burst(before.port, 3)
    assert [outcome.state for outcome in outcomes] == [
        OutcomeState.ACCEPTED,
        OutcomeState.NOT_SENT,
        OutcomeState.NOT_SENT,
    ]


@both_ways
async def test_silence_after_the_data_is_unknown(scripted: ScriptedRelay, offers: tuple[str, ...]) -> None:
    relay = await scripted(offers=offers, answers={".": ["silence"]})
    settings = plain(relay.port).timeouts
    quick = type(settings)(connect=1, command=1, data_end=0.1)
    outcomes = await burst(relay.port, 2, timeouts=quick)
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [
        (OutcomeState.UNKNOWN, OutcomeReason.TIMED_OUT),
        (OutcomeState.NOT_SENT, OutcomeReason.TIMED_OUT),
    ]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"greeting": ["554 5.3.2 no service"]}, OutcomeReason.RELAY_REFUSED),
        ({"EHLO": ["502 no"], "HELO": ["502 no"]}, OutcomeReason.RELAY_REFUSED),
        ({"greeting": ["hello there"]}, OutcomeReason.BAD_REPLY),
        ({"greeting": ["drop"]}, OutcomeReason.CONNECTION_LOST),
        ({"EHLO": ["421 busy"]}, OutcomeReason.RELAY_CLOSING),
        ({"MAIL": ["530 5.7.0 authentication required"]}, OutcomeReason.LOGIN_REFUSED),
    ],
)
async def test_a_relay_that_takes_no_mail_leaves_all_unsent(
    scripted: ScriptedRelay, answers: dict[str, list[str]], reason: OutcomeReason
) -> None:
    relay = await scripted(answers=answers)
    outcomes = await burst(relay.port, 3)
    assert {outcome.state for outcome in outcomes} == {OutcomeState.NOT_SENT}
    assert {outcome.reason for outcome in outcomes} == {reason}


async def test_no_relay_at_all_leaves_all_unsent() -> None:
    outcomes = await burst(1, 2)
    assert {(outcome.state, outcome.reason) for outcome in outcomes} == {
        (OutcomeState.NOT_SENT, OutcomeReason.CONNECT_FAILED)
    }
    nowhere = await send_one(replace(plain(25), host="no-such-host.invalid"), mail(1))
    assert nowhere.state is OutcomeState.NOT_SENT


async def test_pipelining_costs_one_round_trip_a_mail() -> None:
    """The end of a message and the commands of the next leave in one write."""
    chunks: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in (
            b"220 hi\r\n",
            b"250-hi\r\n250 PIPELINING\r\n",
            b"250 a\r\n250 b\r\n354 c\r\n",
            b"250 taken\r\n250 a\r\n250 b\r\n354 c\r\n",
            b"250 taken\r\n",
        ):
            writer.write(said)
            chunks.append(await reader.read(65536))
        writer.write(b"221 bye\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    outcomes = await burst(server.sockets[0].getsockname()[1], 2)
    server.close()
    await server.wait_closed()
    assert set(states(outcomes).values()) == {OutcomeState.ACCEPTED}
    groups = [
        f"MAIL FROM:<{mail(n).mail_from}>\r\nRCPT TO:<{mail(n).rcpt_to}>\r\nDATA\r\n".encode() for n in (0, 1)
    ]
    assert chunks[1:] == [
        groups[0],
        mail(0).data + b".\r\n" + groups[1],
        mail(1).data + b".\r\n",
        b"QUIT\r\n",
    ]
