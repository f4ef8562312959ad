"""The agent's loop: sample, evaluate, tell; and go on doing so while the server cannot be reached."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import datetime
from pathlib import Path

from opulse.agent.attendance import Attendance
from opulse.agent.backoff import Backoff
from opulse.agent.board import SensorBoard
from opulse.agent.change_queue import ChangeQueue, Outgoing
from opulse.agent.link import PlanUnchanged, Rejected, ServerLink, Unanswered
from opulse.agent.models import Change, SensorReading
from opulse.agent.plan import USUAL_PACE, AgentPlan, Pace
from opulse.agent.prompts import Desktop, Prompter
from opulse.agent.reading_now import logons_of_this_machine, sources_of_this_machine, this_platform
from opulse.agent.sources import Sources
from opulse.agent.state_file import AgentMemory
from opulse.catalogue import load_catalogue
from opulse.clock import Clock
from opulse.wire.desktop_prompts import PromptReport
from opulse.wire.sensor_states import (
    AgentAnswer,
    IgnoreReason,
    LoggedOnUser,
    StateAnswer,
    StateBatch,
    StateChange,
)

LONGEST_INSTANCE = 300

log = logging.getLogger("opulse.agent")


async def run_agent(
    server: str,
    key: str,
    state_file: Path,
    clock: Clock,
    stop: asyncio.Event,
    pace: Pace = USUAL_PACE,
    attendance: Attendance | None = None,
    desktop: Desktop | None = None,
) -> None:
    """Evaluate this machine's sensors and tell ``server`` until ``stop`` is set.

    Args:
        server: address such as ``https://pulse.example.com``.
        key: the agent key; it speaks for one system.
        state_file: where batch number and last plan are kept.
        clock: what times and pauses are taken from. The machine's own, unless a test says otherwise: crash reports and
            firmware dates are compared with it.
        stop: ends the agent within the few seconds that a look at the machine takes at most.
        pace: how often it samples and evaluates.
        attendance: what it says of who is logged on; None: what this machine says.
        desktop: where it shows people the questions that the server has for them; None: it shows none.

    Raises:
        ValueError: ``server`` is no address. OSError: ``state_file`` cannot be written.
    """
    memory = AgentMemory(state_file, clock.now())
    async with ServerLink(server, key) as link:
        who = attendance or Attendance(logons_of_this_machine())
        prompter = Prompter(desktop, memory, clock.now())
        agent = Agent(link, memory, sources_of_this_machine(), pace, who, prompter)
        while not stop.is_set():
            await agent.step(clock.now())
            await _pause(clock, pace.sample_seconds, stop)


class Agent:
    """One machine's agent. ``step`` does whatever is due; nothing runs beside it."""

    def __init__(
        self,
        link: ServerLink,
        memory: AgentMemory,
        sources: Sources,
        pace: Pace,
        attendance: Attendance | None = None,
        prompter: Prompter | None = None,
    ) -> None:
        self._link = link
        self._memory = memory
        self._sources = sources
        self._pace = pace
        self._attendance = attendance or Attendance(None)
        self._prompter = prompter
        self._board = SensorBoard(load_catalogue(), this_platform())
        self._queue = ChangeQueue()
        self._plan: AgentPlan | None = None
        self._evaluated_at: datetime | None = None
        self._sent_at: datetime | None = None
        self._plan_tries = Backoff()
        self._send_tries = Backoff()

    @property
    def latest(self) -> tuple[SensorReading, ...]:
        """Every sensor as it was last evaluated."""
        return self._board.latest

    async def step(self, now: datetime) -> None:
        """Sample; each minute ask for the plan and evaluate; send what is to be sent."""
        await asyncio.to_thread(self._sources.sample)
        if self._plan is None or _is_due(self._evaluated_at, self._pace.evaluate_seconds, now):
            if self._plan_tries.may_try(now):
                await self._refresh_plan(now)
            if self._plan is None and self._memory.plan is not None:
                self._follow(self._memory.plan, now)
            if self._plan is not None:
                await self._evaluate(now)
        if (
            self._plan is not None
            and self._send_tries.may_try(now)
            and self._something_to_send(self._plan, now)
        ):
            await self._send(now)
            if self._prompter is not None:
                await asyncio.to_thread(self._prompter.show, now)

    async def _refresh_plan(self, now: datetime) -> None:
        known = self._plan or self._memory.plan
        answer = await self._link.fetch_plan(known.etag if known else None)
        if isinstance(answer, Unanswered):
            wait = self._plan_tries.failed(now, answer.retry_after)
            log.warning("no plan from the server, next try in %.0f s: %s", wait, answer.reason)
            return
        self._plan_tries.worked()
        if not isinstance(answer, PlanUnchanged):
            self._keep(answer)
            self._follow(answer, now)

    def _keep(self, plan: AgentPlan) -> None:
        try:
            self._memory.keep_plan(plan)
        except OSError as error:
            log.warning("the plan cannot be kept for a start without the server: %s", error)

    def _follow(self, plan: AgentPlan, now: datetime) -> None:
        if self._plan is not None and self._plan.config.system != plan.config.system:
            self._queue.ask_for_full()
        self._plan = plan
        passed_over, ended = self._board.follow(plan.config.sensors, now)
        self._queue.put(ended)
        log.info(
            "plan %s: %d sensors, %d of them not for this agent",
            plan.etag,
            len(plan.config.sensors),
            len(passed_over),
        )

    async def _evaluate(self, now: datetime) -> None:
        readings = await asyncio.to_thread(self._board.read, self._sources, now)
        await asyncio.to_thread(self._attendance.look)
        changes = self._board.take(readings, now)
        for change in changes:
            log.info("%s (%s) triggered=%s", change.sensor, change.instance or "-", change.triggered)
        self._queue.put(changes)
        self._evaluated_at = now

    def _something_to_send(self, plan: AgentPlan, now: datetime) -> bool:
        something = self._queue.has_something or self._attendance.is_due(now) or self._has_reports
        return something or _is_due(self._sent_at, plan.config.heartbeat_seconds, now)

    async def _send(self, now: datetime) -> None:
        outgoing = self._queue.next(self._board.triggered)
        try:
            seq = self._memory.next_seq()
        except OSError as error:
            wait = self._send_tries.failed(now)
            log.error(
                "nothing is sent while the batch number cannot be kept, next try in %.0f s: %s", wait, error
            )
            return
        users = self._attendance.next(now, full=outgoing.full)
        reports = self._prompter.reports() if self._prompter is not None else []
        answer = await self._link.send(_batch(outgoing, seq, users, reports))
        if isinstance(answer, Unanswered):
            wait = self._send_tries.failed(now, answer.retry_after)
            log.warning("%d changes wait, next try in %.0f s: %s", len(self._queue), wait, answer.reason)
            return
        self._send_tries.worked()
        self._sent_at = now
        self._queue.taken(outgoing)
        if isinstance(answer, Rejected):
            log.error("a batch was rejected, the whole set follows: %s", answer.reason)
            self._queue.ask_for_full()
            self._send_tries.rest(now)
        else:
            self._attendance.taken(users, now)
            self._heed(answer, outgoing)
            self._exchange_prompts(reports, answer)

    @property
    def _has_reports(self) -> bool:
        return self._prompter is not None and self._prompter.has_reports

    def _exchange_prompts(self, reports: list[PromptReport], answer: AgentAnswer) -> None:
        if self._prompter is None:
            return
        self._prompter.take(answer.prompts)
        try:
            self._prompter.told(reports)
        except OSError as error:
            log.warning("what became of questions is told once more after a restart: %s", error)

    def _heed(self, answer: StateAnswer, sent: Outgoing) -> None:
        """Refused lines are said and left; a batch ignored for its number is sent again under a higher one."""
        for line in answer.refused:
            name = sent.changes[line.index].sensor if line.index < len(sent.changes) else "?"
            log.warning("the server refused %s: %s (%s)", name, line.reason, line.detail)
        if any(system.reason is IgnoreReason.OLD_SEQ for system in answer.ignored):
            log.warning(
                "the server knows a later batch than this agent: numbers leap ahead, the whole set follows"
            )
            self._memory.leap()
            self._queue.ask_for_full()


def _batch(
    outgoing: Outgoing, seq: int, users: list[LoggedOnUser] | None, reports: list[PromptReport]
) -> StateBatch:
    return StateBatch(
        batch=str(uuid.uuid4()),
        seq=seq,
        full=outgoing.full,
        changes=[_line(change) for change in outgoing.changes],
        users=users,
        prompts=reports or None,
    )


def _line(change: Change) -> StateChange:
    instance = None if change.instance is None else change.instance[:LONGEST_INSTANCE]
    return StateChange(sensor=change.sensor, triggered=change.triggered, instance=instance, at=change.at)


def _is_due(last: datetime | None, every: float, now: datetime) -> bool:
    """Also after the clock was set back: then nobody knows how long it has been."""
    return last is None or not 0 <= (now - last).total_seconds() < every


async def _pause(clock: Clock, seconds: float, stop: asyncio.Event) -> None:
    """Wait, but not a moment after ``stop`` is set."""
    waiting = {asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(stop.wait())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
