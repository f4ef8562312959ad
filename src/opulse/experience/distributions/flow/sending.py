"""The sender: takes what is due, a burst at a time over every connection the relay allows, until it is told to stop.

For each burst: leave from the relay's rate first, then the rows become ``sending`` under a claim with a lease, then the mails go
out. So no row rests in ``sending`` while the rate holds it back, and a crash leaves at most a burst per connection in doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from opulse.db.wake import wait
from opulse.experience.distributions.flow.burst import Burst
from opulse.experience.distributions.flow.chores import do_chores, end_all_claims
from opulse.experience.distributions.flow.letters import Letters
from opulse.experience.distributions.flow.rounds import Rounds
from opulse.experience.distributions.flow.tracing import traceparent_of
from opulse.experience.distributions.models import MAIL_DUE, MAIL_STOP, Turn
from opulse.experience.distributions.rules import decide_turn
from opulse.experience.distributions.store import sending as store
from opulse.mail.carrier import Carrier, Carries
from opulse.mail.models import Relay
from opulse.mail.smtp import BURST, Permit
from opulse.observe import faults, get_logger
from opulse.observe.traces import span
from opulse.ports import Ports

LEASE = timedelta(seconds=30)
LOOK_SECONDS = 1.0  # another process may have added work without waking this one
KEEP_SECONDS = 0.25  # outcomes are durable this soon, however slow the relay is
WATCH_SECONDS = 0.5  # another process may have paused what is being sent here
AGAIN_SECONDS = 1.0  # after a failure of our own
IDLE_SECONDS = 0.5  # a lane without a relay, or one more than the relay allows
CONNECTIONS = 64  # used at once, at most
PER_CONNECTION = 2  # bursts: one is written down and the next one claimed while the other is on its way
CLAIM = BURST // PER_CONNECTION
REST_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # after trouble with the relay, one after the other

Loop = Callable[[], Coroutine[Any, Any, None]]

log = get_logger("distributions.sending")


class Sender:
    """One per process; several processes may send at once. ``start`` and ``stop`` it."""

    def __init__(
        self,
        ports: Ports,
        *,
        lease: timedelta = LEASE,
        alone: bool = False,
        carrier: Carries | None = None,
    ) -> None:
        self._ports = ports
        self._carrier = carrier or Carrier(ports.relays, ports.clock)
        self._lease = lease
        self._alone = alone  # nobody else sends from this database
        self._letters = Letters(ports)
        self._due: list[Turn] = []
        self._go = asyncio.Event()  # something is due
        self._last: dict[tuple[int, str], int] = {}  # turns so far
        self._rounds = Rounds(ports, lease, lambda: len(self._sending))
        self._sending: set[Burst] = set()
        self._ends: set[asyncio.Task[None]] = set()  # bursts whose last outcomes are being written down
        self._stopped: set[tuple[int, str]] = set()
        self._stopping = False
        self._busy = 0  # bursts between their claim and the last outcome that is written down
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0
        self._rest_over = 0.0  # of the event loop's time: until then the relay is left alone
        self._turnstile = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._look_now = ports.db.wakes.sleeper(MAIL_DUE)
        self._watch_now = ports.db.wakes.sleeper(MAIL_STOP)

    async def start(self) -> None:
        """Begin; returns at once. Whoever is alone need not wait for the leases of a killed predecessor."""
        if self._alone:
            await end_all_claims(self._ports)
        await self._carrier.start()
        loops: list[Loop] = [
            self._look,
            self._watch,
            self._keep,
            *(partial(self._lane, one) for one in range(PER_CONNECTION * CONNECTIONS)),
        ]
        self._keeper = asyncio.create_task(self._keep_going(loops))

    async def stop(self) -> None:
        """End the bursts that are on their way and write their outcomes down; take nothing more."""
        self._stopping = True
        for event in (self._look_now, self._watch_now, self._go):
            event.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self._lease.total_seconds())
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._carrier.close()
        self._ports.db.wakes.forget(MAIL_DUE, self._look_now)
        self._ports.db.wakes.forget(MAIL_STOP, self._watch_now)

    async def _keep_going(self, loops: list[Loop]) -> None:
        """Run the loops; one that failed (the database was away, a distribution cannot be read) is begun again."""
        running: dict[asyncio.Task[None], Loop] = {asyncio.create_task(loop()): loop for loop in loops}
        try:
            while running:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    loop = running.pop(task)
                    if (error := task.exception()) is not None and not self._stopping:
                        log.error("sending failed and is begun again", exc_info=error)
                        running[asyncio.create_task(_after(AGAIN_SECONDS, loop))] = loop
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _look(self) -> None:
        """Keep the list of what is due, and do the chores of time."""
        while not self._stopping:
            self._due = await self._ports.db.read(store.list_due, self._ports.clock.now())
            if self._due:
                self._go.set()
            else:
                self._last.clear()
            if not await do_chores(self._ports):
                await wait(self._look_now, LOOK_SECONDS)

    async def _watch(self) -> None:
        """Know within half a second what must not go on, while something is being sent."""
        while not self._stopping:
            sending = {(burst.turn.tenant, burst.turn.distribution) for burst in self._sending}
            self._stopped = await self._ports.db.read(store.list_stopped, sending) if sending else set()
            await wait(self._watch_now, WATCH_SECONDS)

    async def _keep(self) -> None:
        """Have outcomes of what is on its way written down, and leases renewed."""
        while not self._stopping or self._sending:
            await asyncio.sleep(KEEP_SECONDS)
            await asyncio.gather(*(burst.keep() for burst in self._sending))

    async def _lane(self, number: int) -> None:
        """One burst after the other."""
        while not self._stopping:
            await self._go.wait()
            relay = self._ports.relay()
            if relay is None or number >= PER_CONNECTION * relay.connections:
                await asyncio.sleep(IDLE_SECONDS)
            elif (rest := self._rest_left()) > 0:
                await asyncio.sleep(rest)
            else:
                await self._take_turn(relay)

    async def _take_turn(self, relay: Relay) -> None:
        """Leave from the rate, a claim, a burst."""
        # At a rate that makes everybody wait, one lane after the other: leave without a mail is forfeited.
        async with self._turnstile if relay.per_minute else contextlib.nullcontext():
            if not self._due:
                self._go.clear()
                return
            permit = await self._ports.relays.permit(relay, CLAIM)
            if self._stopping or (turn := decide_turn(self._due, self._last)) is None:
                return
            burst = await self._claim(turn, permit.count)
        if burst is not None:
            await self._send(burst, permit)

    async def _claim(self, turn: Turn, limit: int) -> Burst | None:
        """A burst that counts as busy until :meth:`_send` has done with it."""
        self._last[turn.tenant, turn.distribution] = max(self._last.values(), default=0) + 1
        self._occupy()
        mails = 0
        try:
            await self._letters.prepare(turn)
            claim = await self._rounds.claim(turn, limit)
            mails = len(claim.mails)
        finally:
            if not mails:
                self._free()
        if mails < limit:  # nothing is left of it until the next look
            self._due = [one for one in self._due if one != turn]
        if not mails:
            return None
        faults.point("mails.claimed")
        key = (turn.tenant, turn.distribution)
        self._stopped.discard(key)  # it was running when it was claimed; the watch will tell otherwise
        return Burst(
            self._ports,
            self._carrier,
            self._letters,
            self._rounds,
            turn,
            claim,
            self._lease,
            lambda: self._stopping or key in self._stopped,
        )

    async def _send(self, burst: Burst, permit: Permit) -> None:
        self._sending.add(burst)
        try:
            parent = await traceparent_of(self._ports, burst.turn.tenant, burst.turn.distribution)
            with span("mail.burst", parent=parent, distribution=burst.turn.distribution) as recorded:
                await burst.send(permit)
                recorded.note(accepted=burst.accepted)
        finally:
            self._sending.discard(burst)
            self._end(burst)
        self._learn(burst)

    def _end(self, burst: Burst) -> None:
        """Have its last outcomes written down, while the lane goes on with the next claim: in the same unit."""
        end = asyncio.create_task(burst.written())
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)
        end.add_done_callback(lambda _: self._free())

    def _occupy(self) -> None:
        """From the claim to the last outcome that is written down: what :meth:`stop` waits for."""
        self._busy += 1
        self._idle.clear()

    def _free(self) -> None:
        self._busy -= 1
        if not self._busy:
            self._idle.set()

    def _learn(self, burst: Burst) -> None:
        """Leave a relay alone for a while that takes nothing, and longer each time."""
        if burst.accepted or burst.trouble is None:
            self._failures = 0 if burst.accepted else self._failures
            return
        if self._rest_left() > 0:
            return  # another lane met the same trouble just now: one blip is one failure, however many connections it cut
        rest = REST_SECONDS[min(self._failures, len(REST_SECONDS) - 1)]
        self._failures += 1
        self._rest_over = asyncio.get_running_loop().time() + rest
        log.warning("the relay takes no mail", reason=burst.trouble.value, rest_seconds=rest)

    def _rest_left(self) -> float:
        return self._rest_over - asyncio.get_running_loop().time()


async def _after(seconds: float, loop: Loop) -> None:
    await asyncio.sleep(seconds)
    await loop()
