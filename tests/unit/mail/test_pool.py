"""Connections are kept and bounded, the rate is kept, a stop is heeded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from opulse.clock import ManualClock, SystemClock
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState
from opulse.mail.smtp import BURST, RelayPool
from tests.unit.mail.relays import Scripted, mail, plain

ScriptedRelay = Callable[..., Awaitable[Scripted]]


async def test_one_connection_serves_many_bursts(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    pool = RelayPool(SystemClock())
    outcomes = [outcome async for outcome in pool.send_all(plain(relay.port), [mail(n) for n in range(55)])]
    assert [outcome.key for outcome in outcomes] == [str(n) for n in range(55)]
    assert {outcome.state for outcome in outcomes} == {OutcomeState.ACCEPTED}
    assert relay.connections == 1
    await pool.close()
    assert relay.seen[-1] == "QUIT"


async def test_never_more_connections_than_the_relay_allows(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    pool = RelayPool(SystemClock())
    settings = plain(relay.port, connections=2)

    async def send(first: int) -> int:
        permit = await pool.permit(settings)
        mails = [mail(n) for n in range(first, first + BURST)]
        return len([outcome async for outcome in pool.send_burst(permit, mails)])

    assert await asyncio.gather(*(send(burst * BURST) for burst in range(6))) == [BURST] * 6
    assert 1 <= relay.connections <= 2
    assert len(relay.writes) == 6 * BURST
    await pool.close()


async def test_who_waits_for_a_connection_behind_a_relay_that_hangs_can_be_stopped(
    scripted: ScriptedRelay,
) -> None:
    relay = await scripted(answers={"DATA": ["silence"]})
    pool = RelayPool(SystemClock())
    settings = plain(relay.port, connections=1)
    stopped = False

    async def send(key: int) -> list[Outcome]:
        permit = await pool.permit(settings, 1)
        return [outcome async for outcome in pool.send_burst(permit, [mail(key)], lambda: stopped)]

    hangs = asyncio.create_task(send(0))
    waits = asyncio.create_task(send(1))
    await asyncio.sleep(0.1)
    stopped = True
    (outcome,) = await asyncio.wait_for(waits, 3)
    assert (outcome.key, outcome.state) == ("1", OutcomeState.NOT_SENT)
    assert outcome.reason is OutcomeReason.STOPPED
    hangs.cancel()
    await asyncio.gather(hangs, return_exceptions=True)
    await pool.close()


async def test_a_kept_connection_that_died_is_replaced(scripted: ScriptedRelay) -> None:
    relay = await scripted(answers={"NOOP": ["drop"]})
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    pool = RelayPool(clock)
    settings = plain(relay.port)
    for number, rest in enumerate((5, 60, 0)):  # asked with NOOP and found dead; rested too long; fresh
        permit = await pool.permit(settings)
        outcomes = [outcome async for outcome in pool.send_burst(permit, [mail(number)])]
        assert outcomes[0].state is OutcomeState.ACCEPTED
        clock.advance(rest)
    assert relay.connections == 3
    await pool.close()


@pytest.mark.parametrize("offers", [("PIPELINING",), ()], ids=["pipelined", "lock-step"])
async def test_a_stop_leaves_the_rest_unsent(scripted: ScriptedRelay, offers: tuple[str, ...]) -> None:
    relay = await scripted(offers=offers)
    pool = RelayPool(SystemClock())
    permit = await pool.permit(plain(relay.port))
    seen: list[Outcome] = []
    async for outcome in pool.send_burst(permit, [mail(n) for n in range(10)], lambda: len(seen) >= 3):
        seen.append(outcome)
    assert [outcome.state for outcome in seen] == [OutcomeState.ACCEPTED] * 3 + [OutcomeState.NOT_SENT] * 7
    assert {outcome.reason for outcome in seen} == {OutcomeReason.REPLY, OutcomeReason.STOPPED}
    assert len(relay.writes) == 3
    await pool.close()


async def test_a_caller_that_walks_away_leaves_no_half_session(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    pool = RelayPool(SystemClock())
    settings = plain(relay.port)
    burst = pool.send_burst(await pool.permit(settings), [mail(n) for n in range(5)])
    assert (await anext(burst)).key == "0"
    await burst.aclose()
    outcomes = [outcome async for outcome in pool.send_all(settings, [mail(9)])]
    assert outcomes[0].state is OutcomeState.ACCEPTED
    assert relay.connections == 2
    await pool.close()


async def test_a_permit_is_for_so_many_and_waits_for_the_rate(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    pool = RelayPool(clock)
    settings = plain(relay.port, per_minute=30)
    permit = await pool.permit(settings)
    assert permit.count == 2
    with pytest.raises(ValueError, match="3 envelopes"):
        await anext(pool.send_burst(permit, [mail(n) for n in range(3)]))
    started = clock.now()
    outcomes = [outcome async for outcome in pool.send_all(settings, [mail(n) for n in range(60)])]
    assert len(outcomes) == 60
    assert (clock.now() - started).total_seconds() == pytest.approx(120, abs=4.1)
    await pool.close()
