"""The loop that decides: on every touched sensor, on every saved notification, and on a tick.

One per process; of several, each decides about the tenants that it owns.
Holding, clearing, re-arming and systems that fall silent come without an event, hence the tick.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.db import Priority, chunked
from opulse.monitoring.activations.flow import ending
from opulse.monitoring.activations.flow.deciding import decide_in
from opulse.monitoring.activations.flow.held import Held, HeldNotifications, load_held
from opulse.monitoring.activations.flow.ownership import NotOwner, Ownership, SoleOwner
from opulse.monitoring.activations.models import Counted, DecisionKind, Step, StepOutcome
from opulse.monitoring.maintenance import flow as maintenance
from opulse.monitoring.notifications.flow import saving
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.observe import faults, get_logger
from opulse.observe.metrics import DECISIONS, STAGE_SECONDS
from opulse.ports import Ports

LONGEST_TICK = 60.0
AFTER_A_FAULT = 1.0
"""Seconds of rest after the database failed; then everything is decided again."""
AFTER_GROWTH = 0.05
"""Seconds of rest after an open activation grew: 20 writes a second show growth as well as 1,000 do."""

REST_OF_ALL = 4
"""After all notifications were decided because somebody reported (or members changed): rest so many times as long as that
took. In a burst of systems that report again every record says so; touched sensors do not wait for it."""
COUNTED = 64
"""Notifications that are counted before the event loop gets its turn."""

_WAKES = (saving.WAKE, ending.WAKE, maintenance.WAKE)

log = get_logger("decider")


class Decider:
    """``bootstrap`` makes it after the evaluator has loaded, awaits :meth:`start`, and :meth:`stop` at the end."""

    def __init__(self, ports: Ports, evaluator: Evaluator, ownership: Ownership | None = None) -> None:
        self._ports = ports
        self._evaluator = evaluator
        self._ownership = ownership or SoleOwner()
        self._held = HeldNotifications({})
        self._touched: dict[int, set[int]] = {}
        self._all: set[int] = set()  # tenants of which anything may have changed
        self._all_again = 0.0  # of the loop's time: not before
        self._event = asyncio.Event()
        self._saved = tuple(map(ports.db.wakes.sleeper, _WAKES))
        self._failed = False
        self._grew = False
        self._task: asyncio.Task[None] | None = None
        evaluator.subscribe(self._note)
        self._ownership.subscribe(self._saved[0].set)  # a tenant was gained: everything is read again

    async def start(self) -> None:
        """Read the notifications, decide all of them once, then run until :meth:`stop`."""
        await self.decide_all()
        self._task = asyncio.create_task(self._run(), name="decider")

    async def stop(self) -> None:
        """End the loop; a transaction that runs is finished by the database either way."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        for topic, event in zip(_WAKES, self._saved, strict=True):
            self._ports.db.wakes.forget(topic, event)

    async def decide_all(self) -> None:
        """Read everything again and decide every notification: the tick, and the start."""
        for event in self._saved:
            event.clear()
        self._held = await self._ports.db.read(load_held, self._ports.clock.now())
        self._touched.clear()
        self._all.clear()
        for tenant in self._held.tenants:
            await self._decide(self._held.touched(tenant, None))

    async def decide_touched(self) -> None:
        """Decide the notifications whose sensors were touched since the last time, and all where anything may have changed."""
        await self._decide_tenants()
        await self._decide_sensors()

    async def _decide_tenants(self) -> None:
        everything, self._all = self._all, set()
        for tenant in everything:
            self._touched.pop(tenant, None)
            await self._decide(self._held.touched(tenant, None))

    async def _decide_sensors(self) -> None:
        touched, self._touched = self._touched, {}
        for tenant, sensors in touched.items():
            await self._decide(self._held.touched(tenant, frozenset(sensors)))

    def _note(self, tenant: int, touched: frozenset[int] | None, position: int) -> None:
        if touched is None:
            self._all.add(tenant)
        else:
            self._touched.setdefault(tenant, set()).update(touched)
        self._event.set()

    async def _run(self) -> None:
        tick = min(self._ports.limits.tick_seconds, LONGEST_TICK)
        loop = asyncio.get_running_loop()
        due = loop.time() + tick
        while True:
            await self._wait(min(due, self._all_again if self._all else due) - loop.time())
            try:
                if loop.time() >= due or any(event.is_set() for event in self._saved):
                    due = loop.time() + tick
                    await self.decide_all()
                else:
                    await self._decide_what_may_be(loop)
            except (SQLAlchemyError, OSError) as error:
                self._fail("the notifications cannot be read", error)
            await self._rest()

    async def _decide_what_may_be(self, loop: asyncio.AbstractEventLoop) -> None:
        """Touched sensors at once; all notifications of a tenant no sooner than the last such round allows."""
        await self._decide_sensors()
        begun = loop.time()
        if self._all and begun >= self._all_again:
            await self._decide_tenants()
            ended = loop.time()
            self._all_again = ended + REST_OF_ALL * (ended - begun)

    async def _wait(self, seconds: float) -> None:
        """Until something was touched or saved, at most ``seconds``."""
        if seconds > 0:
            sleepers = [asyncio.ensure_future(event.wait()) for event in (self._event, *self._saved)]
            try:
                await asyncio.wait(sleepers, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for sleeper in sleepers:
                    sleeper.cancel()
        self._event.clear()

    async def _rest(self) -> None:
        """After a fault, until the database may be back; after growth, so that a flood of changes is written in heaps."""
        if self._failed:
            self._failed = False
            await asyncio.sleep(AFTER_A_FAULT)
        elif self._grew:
            await asyncio.sleep(AFTER_GROWTH)
        self._grew = False

    def _fail(self, what: str, error: Exception, **about: object) -> None:
        """Everything is read and decided again: nothing that was touched is lost."""
        log.error(what, again_in=AFTER_A_FAULT, exc_info=error, **about)
        self._failed = True
        self._saved[0].set()

    async def _decide(self, notifications: Iterable[Held]) -> None:
        """Each in a unit of its own, which those of the moment commit together; one that cannot be decided holds up no other.

        Other processes' tenants are left alone.
        """
        steps: list[asyncio.Task[None]] = []
        for some in chunked(notifications, COUNTED):
            for held in some:
                if not self._ownership.owns(held.tenant):
                    continue
                counted = self._count(held)
                if held.wants_step(counted, self._ports.limits):
                    steps.append(asyncio.create_task(self._take_step(held, counted)))
            await asyncio.sleep(0)
        await asyncio.gather(*steps)

    async def _take_step(self, held: Held, counted: Counted) -> None:
        try:
            step = await self._step(held, counted)
        except NotOwner:
            return
        except (SQLAlchemyError, OSError) as error:
            about = {"tenant": held.tenant, "notification": held.notification.id}
            self._fail("a notification cannot be decided", error, **about)
            return
        held.take(step)
        self._report(held, step)

    def _count(self, held: Held) -> Counted:
        notification = held.notification
        hidden = self._evaluator.members_of(held.tenant, self._held.maintained.get(held.tenant, frozenset()))
        count = self._evaluator.count(
            held.tenant, held.picks, notification.group_index, notification.needed_sensors, hidden
        )
        now = self._ports.clock.now()
        return Counted(
            revision=notification.revision,
            qualifying=count.qualifying,
            reporting=count.reporting,
            position=count.position,
            now=now,
            frozen=now < self._evaluator.frozen_until,
        )

    async def _step(self, held: Held, counted: Counted) -> Step:
        def unit(conn: Connection) -> Step:
            self._ownership.check_in(conn, held.tenant)
            faults.point("activation.confirmed")
            return decide_in(conn, held.tenant, held.notification.id, counted, self._ports.limits)

        faults.point("activation.counted")
        return await self._ports.db.write_first(Priority.ACTIVATION, unit)

    def _report(self, held: Held, step: Step) -> None:
        if step.outcome is not StepOutcome.DECIDED:
            self._saved[0].set()  # what is held is old: read it again before the next decision
            return
        if step.decision is None:
            return
        self._grew = self._grew or bool(step.activation)
        DECISIONS.labels("activation", step.decision.reason.value).inc()
        if step.seconds_to_open is not None:
            STAGE_SECONDS.labels("activation").observe(step.seconds_to_open)
        if step.decision.kind is not DecisionKind.NOTHING:
            faults.point("activation.decided")
            log.info(
                f"activation {step.decision.kind.value}",
                tenant=held.tenant,
                notification=held.notification.id,
                activation=step.activation,
                reason=step.decision.reason.value,
                affected=len(step.current),
            )
