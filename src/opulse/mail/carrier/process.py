"""A carrier in a process of its own, as its owner sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from opulse.mail.carrier.carrying import Addressee, Carries, Leash
from opulse.mail.carrier.channel import Channel
from opulse.mail.carrier.writing import Writer
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState, Stage
from opulse.mail.smtp import Permit
from opulse.observe import get_logger

LEASH_SECONDS = 0.1
"""How soon a stop or a renewed lease is passed on."""
READY_SECONDS = 30.0
SILENT_SECONDS = 10
"""A process that says nothing for so long hangs: it is killed."""
MOST_DEATHS = 5
"""After so many the bursts are carried in this process instead."""
KEPT = 64
"""Writers that the process holds at most."""

log = get_logger("mail.carrier")


@dataclass
class _Burst:
    """What one burst still waits for."""

    leash: Leash
    told: datetime
    stopped: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    over: bool = False
    lost: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


class _Running:
    """One life of the process."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.process = process
        self.channel = channel
        self.ready = asyncio.Event()
        self.ended = False
        self.bursts: dict[int, _Burst] = {}
        self._numbers = itertools.count()
        self._writers: dict[int, tuple[int, Writer]] = {}
        self._silent = 0
        self._tasks = [asyncio.create_task(one) for one in (self._listen(), self._keep())]

    async def carry(
        self, permit: Permit, writer: Writer, people: Sequence[Addressee], leash: Leash
    ) -> AsyncGenerator[Outcome]:
        """Outcomes as the process tells them; ends early where the process does."""
        number, known, until = next(self._numbers), self._known(writer), leash.until
        burst = self.bursts[number] = _Burst(leash, until)
        self.channel.send("burst", number, known, permit, tuple(people), until)
        try:
            while not (burst.over or burst.lost):
                await burst.news.wait()
                burst.news.clear()
                outcomes, burst.outcomes = burst.outcomes, []
                for outcome in outcomes:
                    yield outcome
        finally:
            if self.bursts.pop(number, None) is not None:
                self.channel.send("stop", number)  # whoever asked has walked away

    async def end(self) -> None:
        """Close the channel, which ends the process; kill one that does not see it."""
        self.channel.close()
        try:
            await asyncio.wait_for(self.process.wait(), SILENT_SECONDS)
        except TimeoutError:
            self.kill()
            await self.process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def _known(self, writer: Writer) -> int:
        """The number under which the process has this writer; the oldest is forgotten for a new one."""
        if id(writer) not in self._writers:
            if len(self._writers) >= KEPT:
                number, _ = self._writers.pop(next(iter(self._writers)))
                self.channel.send("forget", number)
            number = next(self._numbers)
            self.channel.send("writer", number, writer)
            self._writers[id(writer)] = (number, writer)  # held, so that its id stays its own
        return self._writers[id(writer)][0]

    async def _listen(self) -> None:
        while (message := await self.channel.receive()) is not None:
            self._silent = 0
            match message:
                case ("alive",):
                    self.ready.set()
                case ("outcomes", number, outcomes, over):
                    self._take(number, outcomes, over)
        self.ended = True
        self.ready.set()
        for burst in self.bursts.values():
            burst.lost = True
            burst.news.set()
        self.bursts.clear()

    def _take(self, number: int, outcomes: list[tuple[Any, ...]], over: bool) -> None:
        if (burst := self.bursts.get(number)) is None:
            return
        burst.outcomes += [unpacked(one) for one in outcomes]
        burst.over = over
        burst.news.set()
        if over:
            del self.bursts[number]

    async def _keep(self) -> None:
        """Pass on stops and leases; kill a process that hangs. Counted in our own turns: who was suspended himself has not
        waited for anybody."""
        for turn in itertools.count(1):
            await asyncio.sleep(LEASH_SECONDS)
            for number, burst in self.bursts.items():
                self._pass_on(number, burst)
            if turn % round(1 / LEASH_SECONDS) == 0:
                self._silent += 1
                if self._silent > SILENT_SECONDS and self.ready.is_set():
                    log.error("the process that sends mail hangs and is killed", pid=self.process.pid)
                    self.kill()

    def _pass_on(self, number: int, burst: _Burst) -> None:
        if burst.leash.until != burst.told:
            burst.told = burst.leash.until
            self.channel.send("lease", number, burst.told)
        if not burst.stopped and burst.leash.must_stop():
            burst.stopped = True
            self.channel.send("stop", number)


class CarrierProcess:
    """See :class:`~opulse.mail.carrier.carrying.Carries`. A process that ends is started again with the next burst.

    What it was sending when it ended is *unknown*: each of those mails may have been taken. ``own`` carries where no process
    can be had. ``fault_file``: see :mod:`opulse.observe.faults`.
    """

    def __init__(self, own: Carries, fault_file: Path | None = None) -> None:
        self._own = own
        self._fault_file = fault_file.absolute() if fault_file is not None else None
        self._running: _Running | None = None
        self._deaths = 0
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process; None: there is none."""
        return self._running.process.pid if self._running is not None else None

    async def start(self) -> None:
        await self._process()

    async def carry(
        self, permit: Permit, writer: Writer, people: Sequence[Addressee], leash: Leash
    ) -> AsyncGenerator[Outcome]:
        running = await self._process()
        if running is None:
            async for outcome in self._own.carry(permit, writer, people, leash):
                yield outcome
            return
        left = {person.key for person in people}
        async with aclosing(running.carry(permit, writer, people, leash)) as outcomes:
            async for outcome in outcomes:
                left.discard(outcome.key)
                yield outcome
        for key in left:
            yield Outcome(key, OutcomeState.UNKNOWN, OutcomeReason.CARRIER_LOST)

    async def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.end()
        await self._own.close()

    async def _process(self) -> _Running | None:
        """The process, ready to carry; None: there is none to be had."""
        async with self._starting:
            if self._running is not None and self._running.ended:
                await self._bury(self._running)
            while self._running is None and self._deaths < MOST_DEATHS:
                await self._try()
        return self._running

    async def _try(self) -> None:
        try:
            running = await _started(self._fault_file)
        except OSError as error:
            self._deaths = MOST_DEATHS
            log.error("no process of its own for sending mail; this one does it", reason=str(error))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(running.ready.wait(), READY_SECONDS)
        if running.ready.is_set() and not running.ended:
            self._running = running
        else:
            await self._bury(running)

    async def _bury(self, running: _Running) -> None:
        self._running = None
        self._deaths += 1
        running.kill()
        await running.end()
        log.warning(
            "the process that sends mail has ended",
            exit_code=running.process.returncode,
            again=self._deaths < MOST_DEATHS,
        )


async def _started(fault_file: Path | None) -> _Running:
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "opulse.mail.carrier",
            str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            cwd=os.sep,  # nothing of the present folder is importable, nor kept busy
        )
    channel = await Channel.over(ours)
    channel.send(fault_file)
    return _Running(process, channel)


def unpacked(told: tuple[Any, ...]) -> Outcome:
    """An outcome as the other process told it."""
    key, state, reason, stage, code, text = told
    return Outcome(key, OutcomeState(state), OutcomeReason(reason), Stage(stage), code, text)
