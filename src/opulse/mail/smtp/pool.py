"""Connections to relays, kept and shared; who may send how much, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from opulse.clock import Clock
from opulse.mail.models import Envelope, Outcome, OutcomeReason, Relay
from opulse.mail.rate import Rate, RateLimit
from opulse.mail.smtp.burst import BURST, Stop, exchange, never
from opulse.mail.smtp.mails import not_sent
from opulse.mail.smtp.replies import SessionBroken
from opulse.mail.smtp.session import Session, open_session

MAILS_PER_SESSION = 500
"""A session is renewed after so many mails; relays limit what one connection may send."""
IDLE = timedelta(seconds=30)
"""A session that rested longer is closed rather than used again."""
STOP_SECONDS = 0.25
"""How soon a stop counts for who waits for a session."""
FRESH = timedelta(seconds=1)
"""A session that rested longer is asked with NOOP first: the relay may have closed it meanwhile."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send ``count`` mails to ``relay`` now. Only a RelayPool makes one; what is not used is forfeited."""

    relay: Relay
    count: int


class _Lane:
    """One relay: its rate, its sessions at rest, and how many may be open."""

    def __init__(self, relay: Relay, clock: Clock, limit: Rate) -> None:
        self.limit = limit
        self.gate = asyncio.Semaphore(max(1, relay.connections))
        self._clock = clock
        self._resting: list[tuple[Session, timedelta]] = []
        self._origin = clock.now()

    async def enter(self, stop: Stop) -> None:
        """Wait until one more session may be used; the caller releases ``gate``. Raises SessionBroken where ``stop`` comes first:
        whoever waits behind a relay that hangs can be stopped, too."""
        while True:
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self.gate.acquire()
                return
            except TimeoutError:
                if stop():
                    raise SessionBroken(OutcomeReason.STOPPED) from None

    async def session(self, relay: Relay) -> Session:
        """A session at rest that still answers, else a new one. Raises SessionBroken where none can be had."""
        while self._resting:
            session, since = self._resting.pop()
            rest = self._age() - since
            if rest <= IDLE and session.alive and (rest <= FRESH or await session.answers()):
                return session
            session.abort()
        return await open_session(relay)

    async def rest(self, session: Session) -> None:
        """Keeps a session that can be used again, ends it otherwise."""
        if session.alive and session.mails < MAILS_PER_SESSION:
            self._resting.append((session, self._age()))
        else:
            await session.close()

    async def close(self) -> None:
        resting, self._resting = self._resting, []
        for session, _ in resting:
            await session.close()

    def _age(self) -> timedelta:
        return self._clock.now() - self._origin


class RelayPool:
    """Up to ``relay.connections`` sessions per relay, and each relay's rate. One per process; several tasks may use it.

    ``rate_of`` makes a relay's bucket where several processes share it; else each relay has one in this process.

    To send: ``permit`` (waits for the rate), then write down that these rows are being sent, then ``send_burst``.
    In this order no row rests in ``sending`` while the rate holds it back.
    """

    def __init__(self, clock: Clock, rate_of: Callable[[Relay], Rate] | None = None) -> None:
        self._clock = clock
        self._rate_of = rate_of or (lambda relay: RateLimit(relay.per_minute, clock))
        self._lanes: dict[Relay, _Lane] = {}

    async def permit(self, relay: Relay, wanted: int = BURST) -> Permit:
        """Waits until the relay's rate lets out at least one mail; leave for 1 to ``min(wanted, BURST)`` mails."""
        return Permit(relay, await self._lane(relay).limit.acquire(min(wanted, BURST)))

    async def send_burst(
        self, permit: Permit, envelopes: Sequence[Envelope], stop: Stop = never
    ) -> AsyncGenerator[Outcome]:
        """Sends up to ``permit.count`` envelopes over one session; exactly one outcome for each, as they settle.

        Waits for a free session. Raises ValueError where there are more envelopes than the permit is for; no fault of a
        relay is raised, they are outcomes.
        """
        if len(envelopes) > permit.count:
            raise ValueError(f"{len(envelopes)} envelopes, leave for {permit.count}")
        lane = self._lane(permit.relay)
        try:
            await lane.enter(stop)
        except SessionBroken as stopped:
            for envelope in envelopes:
                yield not_sent(envelope.key, stopped)
            return
        try:
            async with aclosing(self._over_session(lane, permit.relay, envelopes, stop)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            lane.gate.release()

    async def send_all(
        self, relay: Relay, envelopes: Sequence[Envelope], stop: Stop = never
    ) -> AsyncGenerator[Outcome]:
        """Any number of envelopes, burst after burst, at the relay's rate: for mails that no claim stands behind."""
        rest = list(envelopes)
        while rest:
            permit = await self.permit(relay, len(rest))
            now, rest = rest[: permit.count], rest[permit.count :]
            async with aclosing(self.send_burst(permit, now, stop)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _over_session(
        self, lane: _Lane, relay: Relay, envelopes: Sequence[Envelope], stop: Stop
    ) -> AsyncGenerator[Outcome]:
        try:
            session = await lane.session(relay)
        except SessionBroken as broken:
            for envelope in envelopes:
                yield not_sent(envelope.key, broken)
            return
        try:
            async with aclosing(exchange(session, envelopes, stop)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            await lane.rest(session)

    async def close(self) -> None:
        """Ends the sessions at rest; those in use end with their bursts."""
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            await lane.close()

    def _lane(self, relay: Relay) -> _Lane:
        if relay not in self._lanes:
            self._lanes[relay] = _Lane(relay, self._clock, self._rate_of(relay))
        return self._lanes[relay]


async def send_one(relay: Relay, envelope: Envelope) -> Outcome:
    """One mail over a connection of its own, outside any rate: a test mail, a notice to a recipient."""
    try:
        session = await open_session(relay)
    except SessionBroken as broken:
        return not_sent(envelope.key, broken)
    try:
        outcomes = [outcome async for outcome in exchange(session, [envelope], never)]
    finally:
        await session.close()
    return outcomes[0]
