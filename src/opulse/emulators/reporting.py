"""The collector of the simulated estate: sensor states go to ``POST /api/v1/sensor-states`` with a machine's key."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence

import httpx2

from opulse.clock import Clock
from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import MAX_CHANGES, StateBatch, StateChange, decode_answer, encode_batch

PATH = "/api/v1/sensor-states"


class StatesRefused(Exception):
    """The installation did not take a batch, or not all of it; says why."""


class Reporting:
    """Speaks for many systems. Sequence numbers are milliseconds, so that they go on rising after a restart."""

    def __init__(self, address: str, key: str, clock: Clock) -> None:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._client = httpx2.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False)
        self._clock = clock
        self._last = 0
        # one batch at a time: a heartbeat must not overtake the changes of the same systems, or they would be ignored as old
        self._turn = asyncio.Lock()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def report(self, changes: Sequence[StateChange], heartbeat: Sequence[str] = ()) -> None:
        """Hand changes over, in as many batches as they need; ``heartbeat`` are systems that are there and say nothing.

        Raises:
            StatesRefused: the batch or one of its lines was refused.
        """
        for start in range(0, max(len(changes), 1), MAX_CHANGES):
            part = list(changes[start : start + MAX_CHANGES])
            await self._send(part, False, list(heartbeat))

    async def replace(self, systems: Iterable[str], changes: Sequence[StateChange]) -> None:
        """Make ``changes`` all that is triggered on ``systems``; a system's lines stay in one batch."""
        lines: dict[str, list[StateChange]] = {system: [] for system in systems}
        for change in changes:
            lines[change.system or ""].append(change)
        part: list[StateChange] = []
        named: list[str] = []
        for system, own in lines.items():
            if len(part) + len(own) > MAX_CHANGES:
                await self._send(part, True, named)
                part, named = [], []
            part += own
            named.append(system)
        if named:
            await self._send(part, True, named)

    async def _send(self, changes: list[StateChange], full: bool, named: list[str]) -> None:
        try:
            async with self._turn:
                batch = StateBatch(str(uuid.uuid4()), self._next(), changes, full, named)
                answer = await self._client.post(PATH, content=encode_batch(batch))
        except httpx2.HTTPError as error:
            raise StatesRefused(f"sensor states were not taken: {type(error).__name__} {error}") from error
        if not answer.is_success:
            raise StatesRefused(f"sensor states answered {answer.status_code}: {answer.text[:200]}")
        try:
            read = decode_answer(answer.content)
        except UnreadableBody as error:
            raise StatesRefused(str(error)) from error
        if read.refused or read.ignored:
            first = read.refused[0].detail if read.refused else read.ignored[0].reason.value
            raise StatesRefused(
                f"{len(read.refused)} lines and {len(read.ignored)} systems were refused: {first}"
            )

    def _next(self) -> int:
        now = int(self._clock.now().timestamp() * 1000)
        self._last = max(self._last + 1, now)
        return self._last
