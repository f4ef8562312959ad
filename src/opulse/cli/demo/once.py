"""``opulse demo --once``: one incident from its first sensor to the last answer, unattended, and its numbers.

The same seed gives the same counts, also on a slow machine: the installation's clock is held while a part of the estate is
reported that joins later, so that the pulse's next look for newcomers cannot fall into the middle of it. Nothing else is going
on then; what is measured is the product's time without it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from opulse.cli.demo.figures import Figures, Moments, read_figures
from opulse.cli.demo.holding import HoldableClock
from opulse.cli.demo.installation import Say
from opulse.cli.demo.models import DemoFailed
from opulse.cli.demo.registering import candidates_of
from opulse.cli.demo.running import Demo
from opulse.cli.demo.waiting import wait_for
from opulse.clock import ScaledClock
from opulse.emulators.estate import IncidentPlan, plan_incident
from opulse.emulators.people import AnswerFailed, Respondents, Visit, temper_of
from opulse.emulators.people.answering import SHORTEST_WAY
from opulse.emulators.reporting import StatesRefused
from opulse.mail.inbox import InboxSummary

BATCHES = 24
LATER_WAVES = 2
WAVE_SECONDS = 2.0
PEOPLE_AT_ONCE = 32
PEOPLE_PACE = 120.0
POLL_SECONDS = 0.15
PATIENCE_SECONDS = 120.0
PER_SYSTEM_SECONDS = 0.05  # more patience for larger incidents
_UNSETTLED = ("being_resolved", "queued")


@dataclass(frozen=True, slots=True)
class Course:
    """How the incident of an unattended run goes on: ``opening`` crosses the threshold, the ``later`` parts follow."""

    opening: tuple[tuple[str, ...], ...]
    later: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def waves(self) -> int:
        return 1 + len(self.later)


def threshold_for(affected: int) -> int:
    """Low enough that most systems come after it."""
    return max(1, min(25, affected // 8))


def course_of(plan: IncidentPlan, threshold: int) -> Course:
    """Cut the plan's batches: as many as cross the threshold, then the rest in :data:`LATER_WAVES` parts."""
    heard, crossed = 0, 0
    while heard < threshold:
        heard += len(plan.batches[crossed])
        crossed += 1
    rest = plan.batches[crossed:]
    parts = min(LATER_WAVES, len(rest))
    bounds = [len(rest) * place // parts for place in range(parts + 1)] if parts else []
    later = tuple(rest[start:end] for start, end in pairwise(bounds))
    return Course(plan.batches[:crossed], later)


class UnattendedRun:
    """One run in a demo that was just opened in a folder of its own."""

    def __init__(self, demo: Demo, clock: HoldableClock, affected: int, answers: int, say: Say) -> None:
        """``clock`` is the one that the demo runs on."""
        self._demo = demo
        self._clock = clock
        self._affected = affected
        self._answers = answers
        self._say = say
        self._patience = PATIENCE_SECONDS + affected * PER_SYSTEM_SECONDS
        self._objects = demo.objects.scenarios[0]

    async def carry_out(self) -> Figures:
        """From the first sensor to the last answer.

        Raises:
            DemoFailed: something did not happen in time, or cannot happen with these numbers.
        """
        plan = self._plan()
        try:
            triggered_at, activation, run = await self._grow(plan)
        except StatesRefused as refused:
            raise DemoFailed(str(refused)) from refused
        mails = await self._mails(activation)
        await self._answer(mails)
        await wait_for("the answers to be counted", lambda: self._counted(activation), self._patience)
        moments = Moments(triggered_at, tuple(mail.received for mail in mails))
        return await read_figures(self._demo.api, activation, run, moments, self._demo.inbox.mailbox.accepted)

    def _plan(self) -> IncidentPlan:
        demo, scenario = self._demo, self._demo.scenarios[0]
        candidates = candidates_of(demo.estate, demo.guids, scenario.group)
        # by name, not by GUID: the same systems in every folder
        names = {guid: name for name, guid in demo.guids.items()}
        ordered = sorted(candidates, key=lambda guid: names[guid])
        try:
            seed = f"once {demo.state.seed}"
            return plan_incident(scenario.symptoms, ordered, self._affected, seed, batches=BATCHES)
        except ValueError as error:
            raise DemoFailed(str(error)) from error

    async def _grow(self, plan: IncidentPlan) -> tuple[datetime, str, str]:
        """Report everything, wave by wave. When the threshold was crossed, the activation, the run of the pulse."""
        demo = self._demo
        course = course_of(plan, int(demo.scenarios[0].activation["value"]))
        self._say(f"{plan.affected:,} systems get into trouble, in {len(plan.batches)} batches ...")
        for batch in course.opening[:-1]:
            await demo.reporting.report(plan.changes(batch))
        triggered_at = demo.clock.now()
        await demo.reporting.report(plan.changes(course.opening[-1]))
        activation = await wait_for("the activation", self._activation, self._patience)
        self._say(f"Activated: {demo.address}/activations/{activation}")
        run = await wait_for(
            "the webhook to start the workflow", lambda: self._run(activation), self._patience
        )
        heard = sum(len(batch) for batch in course.opening)
        for part in course.later:
            await self._wait_until_taken(run, heard)
            await self._wait_for_mails(activation, heard)
            heard += sum(len(batch) for batch in part)
            await self._join(plan, part, activation, run, heard)
        await self._wait_until_taken(run, heard)
        return triggered_at, activation, run

    async def _join(
        self, plan: IncidentPlan, part: Sequence[Sequence[str]], activation: str, run: str, total: int
    ) -> None:
        """Report a later part, all of it between two looks of the pulse. ``total``: systems that are affected then."""
        while True:
            with self._clock.held() as now:
                due = await self._next_look(run)
                if due is not None and due > now:  # else a look is on its way: wait for its end
                    for batch in part:
                        await self._demo.reporting.report(plan.changes(batch))
                    await wait_for("the estate", lambda: self._is_affected(activation, total), self._patience)
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def _next_look(self, run: str) -> datetime | None:
        """When the pulse looks for newcomers next; None while it has not arranged that."""
        output = await self._output(run)
        return datetime.fromisoformat(output["next_wave_at"]) if "next_wave_at" in output else None

    async def _is_affected(self, activation: str, heard: int) -> bool | None:
        found = await self._demo.api.get(f"/api/v1/activations/{activation}")
        return True if found["systems"]["now"] == heard else None

    async def _wait_until_taken(self, run: str, heard: int) -> None:
        """Until the pulse has taken ``heard`` systems."""

        async def ask() -> bool | None:
            return True if (await self._output(run)).get("systems") == heard else None

        await wait_for(f"the pulse to reach {heard:,} systems", ask, self._patience, every=POLL_SECONDS)

    async def _output(self, run: str) -> dict[str, Any]:
        """What the Operational Pulse task has to say so far."""
        found = await self._demo.api.get(f"/api/v1/runs/{run}")
        if found["state"] in ("failed", "partly_failed"):
            errors = "; ".join(task["error"] for task in found["tasks"])
            raise DemoFailed(f"the Operational Pulse task failed: {errors}")
        output: dict[str, Any] = found["tasks"][0]["output"] if found["tasks"] else {}
        return output

    async def _activation(self) -> str | None:
        found = await self._demo.api.get(
            "/api/v1/activations", state="active", notification_id=self._objects.notification
        )
        return str(found["activations"][0]["activation_id"]) if found["activations"] else None

    async def _run(self, activation: str) -> str | None:
        runs = await self._demo.api.get(f"/api/v1/workflows/{self._demo.objects.pulse_workflow}/runs")
        return next((str(run["id"]) for run in runs if run["activation"] in (activation, "")), None)

    async def _wait_for_mails(self, activation: str, heard: int) -> int:
        """Until nothing is on its way any more and every invitation that was asked is a mail in the sink; how many they are."""
        mailbox = self._demo.inbox.mailbox

        async def ask() -> int | None:
            ledger = await self._demo.api.get(f"/api/v1/activations/{activation}/ledger")
            totals = (await self._demo.api.get(f"/api/v1/activations/{activation}/impact"))["totals"]
            states = ledger["states"]
            settled = ledger["total"] == heard and not any(states.get(name) for name in _UNSETTLED)
            accepted = mailbox.accepted
            return accepted if settled and totals["asked"] == totals["accepted"] == accepted else None

        return await wait_for("the mails to be accepted", ask, self._patience, every=POLL_SECONDS)

    async def _mails(self, activation: str) -> Sequence[InboxSummary]:
        """All mails, once they are there and as many people as shall answer have one."""
        accepted = await self._wait_for_mails(activation, self._affected)
        if self._answers > accepted:
            raise DemoFailed(
                f"{accepted:,} people were asked, so {self._answers:,} cannot answer; lower --answers or raise --affected"
            )
        # in a thread: parsing hundreds of mails would hold up the very server that is being measured
        return (await asyncio.to_thread(self._demo.inbox.mailbox.list_messages, accepted)).messages

    async def _answer(self, mails: Sequence[InboxSummary]) -> None:
        """As many people as were asked for, the same ones for the same seed."""
        ordered = sorted(mails, key=lambda mail: mail.rcpt_to)
        rng = random.Random(f"answers {self._demo.state.seed}")  # noqa: S311  # a simulation
        willing = rng.sample(ordered, self._answers)
        self._say(f"{len(willing):,} of {len(mails):,} people answer ...")
        visits = await asyncio.to_thread(self._visits, willing)
        people = Respondents(ScaledClock(PEOPLE_PACE), PEOPLE_AT_ONCE)
        await asyncio.sleep(SHORTEST_WAY if willing else 0)
        try:
            async with asyncio.TaskGroup() as group:
                for visit in visits:
                    group.create_task(people.answer(visit))
        except* AnswerFailed as failed:
            raise DemoFailed(f"an answer was not taken: {failed.exceptions[0]}") from failed
        finally:
            await people.aclose()

    def _visits(self, mails: Sequence[InboxSummary]) -> list[Visit]:
        languages = {person.email: person.language for person in self._demo.estate.people()}
        visits = []
        for summary in mails:
            mail = self._demo.inbox.mailbox.get_message(summary.id)
            if mail is None or not mail.survey_link:
                raise DemoFailed(f"mail {summary.id} carries no link to the survey")
            temper = temper_of(self._demo.state.seed, summary.rcpt_to, "once")
            visits.append(Visit(mail.survey_link, languages[summary.rcpt_to], temper))
        return visits

    async def _counted(self, activation: str) -> bool | None:
        impact = await self._demo.api.get(f"/api/v1/activations/{activation}/impact")
        answered = int(impact["totals"]["answered"])
        return True if answered == self._answers else None
