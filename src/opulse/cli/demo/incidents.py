"""Starting incidents in a running demo: systems report one batch after the other, and some time later they recover."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from opulse.cli.demo.installation import Say
from opulse.cli.demo.models import DemoFailed
from opulse.cli.demo.registering import candidates_of
from opulse.cli.demo.running import Demo
from opulse.emulators.estate import IncidentPlan, plan_incident
from opulse.emulators.reporting import StatesRefused

BATCHES = 24
OPENING_SECONDS = 6.0
"""How long it takes until the threshold is crossed: somebody waits for the page."""
SPREAD_SECONDS = 40.0
"""How long the rest takes to join."""
LASTS_SECONDS = 600.0
REARM_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Started:
    """An incident under way. ``activation`` is empty when the notification has not activated yet."""

    which: int
    name: str
    systems: int
    activation: str


class Incidents:
    """At most one of each kind at a time."""

    def __init__(self, demo: Demo, say: Say) -> None:
        self._demo = demo
        self._say = say
        self._count = 0
        self._hit: dict[int, set[str]] = {}
        self._under_way: dict[int, asyncio.Task[None]] = {}

    @property
    def under_way(self) -> frozenset[int]:
        return frozenset(which for which, task in self._under_way.items() if not task.done())

    async def start(self, which: int, number: int | None, patience: float = 0.0) -> Started:
        """Start incident ``which`` (1, 2) on ``number`` systems, and wait up to ``patience`` seconds for its activation.

        Raises:
            DemoFailed: there is no such incident, it is under way, or the number does not fit.
        """
        known = self._demo.scenarios
        if not 1 <= which <= len(known):
            raise DemoFailed(f"there are incidents 1 to {len(known)}, not {which}")
        scenario = known[which - 1]
        if which in self.under_way:
            raise DemoFailed(f"{scenario.name!r} is under way already")
        plan, threshold = self._plan(which, number)
        task = asyncio.create_task(self._run(which, plan, threshold), name=f"incident {which}")
        self._under_way[which] = task
        activation = await self._wait_for_activation(which, patience)
        return Started(which, scenario.name, plan.affected, activation)

    async def stop(self) -> None:
        """End the simulation; what is triggered stays so until the next start."""
        for task in self._under_way.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _plan(self, which: int, number: int | None) -> tuple[IncidentPlan, int]:
        """What will be hit, and how many systems activate the notification."""
        demo, scenario = self._demo, self._demo.scenarios[which - 1]
        candidates = candidates_of(demo.estate, demo.guids, scenario.group)
        wanted = min(scenario.usual, len(candidates)) if number is None else number
        threshold = scenario.threshold(len(candidates))
        if wanted < threshold:
            raise DemoFailed(f"{scenario.name!r} activates at {threshold:,} systems; hit as many or more")
        yours = demo.guids[demo.estate.yours.name]
        pool = self._rested(which, candidates, wanted, yours)
        self._count += 1
        seed = f"{demo.state.seed} {which} {self._count} {demo.clock.now().isoformat()}"
        try:
            plan = plan_incident(scenario.symptoms, pool, wanted, seed, batches=BATCHES, always=(yours,))
        except ValueError as error:
            raise DemoFailed(f"{scenario.name!r}: {error} (group {scenario.group})") from error
        self._hit.setdefault(which, set()).update(system for batch in plan.batches for system in batch)
        return plan, threshold

    def _rested(self, which: int, candidates: Sequence[str], wanted: int, yours: str) -> Sequence[str]:
        """Those that no earlier incident of this kind has hit, while there are enough: their people have no open question."""
        hit = self._hit.get(which, set()) - {yours}
        rested = [system for system in candidates if system not in hit]
        return rested if len(rested) >= wanted else candidates

    async def _run(self, which: int, plan: IncidentPlan, threshold: int) -> None:
        try:
            await self._end(which)
            heard = 0
            for batch in plan.batches:
                await self._demo.reporting.report(plan.changes(batch))
                part = OPENING_SECONDS / threshold if heard < threshold else SPREAD_SECONDS / plan.affected
                heard += len(batch)
                await asyncio.sleep(part * len(batch))
            await asyncio.sleep(LASTS_SECONDS)
            await self._end(which)
        except StatesRefused as refused:
            self._say(f"The incident was cut short: {refused}")

    async def _end(self, which: int) -> None:
        """Everybody the incident may have hit recovers; the notification is below its threshold once, so it can fire again."""
        demo, scenario = self._demo, self._demo.scenarios[which - 1]
        candidates = candidates_of(demo.estate, demo.guids, scenario.group)
        over = IncidentPlan(scenario.symptoms, (tuple(candidates),))
        await demo.reporting.report(over.changes(candidates, triggered=False))
        await asyncio.sleep(REARM_SECONDS)

    async def _wait_for_activation(self, which: int, patience: float) -> str:
        """The open activation's id; empty when there is none in time."""
        notification = self._demo.objects.scenarios[which - 1].notification
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while loop.time() < until:
            found = await self._demo.api.get(
                "/api/v1/activations", state="active", notification_id=notification
            )
            if found["activations"]:
                return str(found["activations"][0]["activation_id"])
            await asyncio.sleep(0.3)
        return ""
