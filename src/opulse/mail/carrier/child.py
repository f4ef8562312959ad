"""The carrier's own process: carries what it is told to until the other end of its channel is gone, and then ends at once.

Whoever told it is dead then, or about to be. The bursts that were on their way stay ``sending`` in the database until their lease
ends; the successor takes them for *unknown* whatever happened here, so nothing is gained by going on.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from opulse.clock import SystemClock
from opulse.mail.carrier.channel import Channel
from opulse.mail.carrier.own import Carrier
from opulse.mail.carrier.writing import Writer
from opulse.mail.models import Outcome
from opulse.mail.smtp import RelayPool
from opulse.observe import faults

ALIVE_SECONDS = 1.0
REPORT_SECONDS = 0.05
"""Outcomes are told this soon; a fast relay settles a burst in less, which is one message then."""


def packed(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome as a plain tuple: pickling it is ten times as fast."""
    return (
        outcome.key,
        outcome.state.value,
        outcome.reason.value,
        outcome.stage.value,
        outcome.code,
        outcome.text,
    )


class _Held:
    """A burst's leash, as the other process last told it."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.stopped = False
        self._clock = SystemClock()

    def must_stop(self) -> bool:
        return self.stopped or self._clock.now() >= self.until


class _Report:
    """Tells outcomes of one burst, several at once."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._number = number
        self._outcomes: list[tuple[Any, ...]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, outcome: Outcome) -> None:
        self._outcomes.append(packed(outcome))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._tell, False)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._tell(True)

    def _tell(self, over: bool) -> None:
        self._timer = None
        outcomes, self._outcomes = self._outcomes, []
        self._channel.send("outcomes", self._number, outcomes, over)


class Child:
    """What the messages ask for."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        clock = SystemClock()
        self._carrier = Carrier(RelayPool(clock), clock)
        self._writers: dict[int, Writer] = {}
        self._held: dict[int, _Held] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._asked: dict[str, Callable[..., None]] = {
            "writer": self._learn,
            "forget": self._forget,
            "burst": self._begin,
            "lease": self._renew,
            "stop": self._stop,
        }

    async def run(self) -> None:
        """Until the other end is gone."""
        alive = asyncio.create_task(self._say_alive())
        while (message := await self._channel.receive()) is not None:
            what, *given = message
            self._asked[what](*given)
        alive.cancel()

    def _learn(self, number: int, writer: Writer) -> None:
        self._writers[number] = writer

    def _forget(self, number: int) -> None:
        del self._writers[number]

    def _begin(self, number: int, writer: int, permit: Any, people: Any, until: datetime) -> None:
        self._held[number] = _Held(until)
        task = asyncio.create_task(self._carry(number, self._writers[writer], permit, people))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _carry(self, number: int, writer: Writer, permit: Any, people: Any) -> None:
        report = _Report(self._channel, number)
        try:
            async with aclosing(self._carrier.carry(permit, writer, people, self._held[number])) as outcomes:
                async for outcome in outcomes:
                    report.add(outcome)
        finally:
            del self._held[number]
            report.end()

    def _renew(self, number: int, until: datetime) -> None:
        if number in self._held:
            self._held[number].until = until

    def _stop(self, number: int) -> None:
        if number in self._held:
            self._held[number].stopped = True

    async def _say_alive(self) -> None:
        while True:
            self._channel.send("alive")
            await asyncio.sleep(ALIVE_SECONDS)


async def _serve(end: socket.socket) -> None:
    channel = await Channel.over(end)
    begin = await channel.receive()
    if begin is not None:
        faults.arm(begin[0], along=(os.getppid(),))
        gc.freeze()
        await Child(channel).run()
    os._exit(0)  # connections to the relay end with us; a message whose end was not written is dropped by it


def main() -> None:
    """``python -m opulse.mail.carrier FD``: serve the channel over the inherited socket ``FD``."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a service manager tells the whole group; the channel's end is our sign
        signal.signal(number, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
