"""An incident grows after it crosses the threshold: while it is open, ask again who is affected, and take the newcomers."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.bridges.systrack import Bookmarks, ComeAgain, FetchRefused, Source, TokenKeeper, read_pages
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.flow.taking import Page, hand_page_in, take_page_in
from opulse.experience.extensions.operational_pulse.models import WAVE_DUE
from opulse.experience.extensions.operational_pulse.rules import (
    choose_people,
    is_on,
    qualtrics_target,
    sensor_names,
)
from opulse.experience.workflows import TaskContext
from opulse.experience.workflows import views as workflows
from opulse.jobs import Job, JobRetry, enqueue
from opulse.jobs.table import complete
from opulse.observe import faults
from opulse.observe.metrics import STAGE_SECONDS
from opulse.ports import Ports
from opulse.wire.affected import ActivationState, AffectedPage

MARKS = Bookmarks()
"""Where this process's readings broke off."""


@dataclass(frozen=True)
class Look:
    """What one look found: whether the activation is still open, and the validator of what was read to its end."""

    is_open: bool
    tag: str


async def take_all(
    ports: Ports,
    keeper: TokenKeeper,
    context: TaskContext,
    url: str,
    wave: int,
    known: str = "",
    look: int = 0,
) -> Look:
    """Read every page of ``url`` and take the systems that this task run does not know; nothing where ``known`` still holds.

    Raises:
        FetchRefused, ComeAgain: see :func:`read_pages`; pages that were taken stay taken, and ``since`` says when the last was.
    """
    newcomers, is_open, tags = 0, True, []

    async def taken_before(systems: Set[str]) -> Set[str]:
        return await ports.db.read(store.find_known_systems, context.tenant, context.task_run, systems)

    whose = f"{context.task_run}/{look}"
    try:
        async for fetched in read_pages(
            ports, keeper, source_of(context), url, known, taken=taken_before, marks=MARKS, whose=whose
        ):
            tags.append(fetched.tag)
            is_open = fetched.page.state in (None, ActivationState.ACTIVE)
            ready, now = _ready(context, fetched.page), ports.clock.now()
            taken = await _take_in(ports, context, ready, wave, now)
            if taken and not newcomers and wave == 1:
                STAGE_SECONDS.labels("contact").observe(
                    (ports.clock.now() - context.started_at).total_seconds()
                )
            newcomers += taken
            faults.point("page.taken")
    except ComeAgain as again:
        # as long as systems come in, a large incident is worth further tries, however bad the server: patience begins anew
        since = await ports.db.read(store.last_taken, context.tenant, context.task_run)
        raise ComeAgain(again.seconds, str(again), asked=again.asked, since=since) from again
    return Look(is_open, tags[0] if tags else known)


async def _take_in(ports: Ports, context: TaskContext, page: Page, wave: int, now: datetime) -> int:
    """Take a page into our directory, or hand it to the one at Qualtrics. How many systems were new."""
    if page.at_qualtrics:
        return await ports.db.write(hand_page_in, context, page, wave, now)
    return await ports.db.write(take_page_in, context, page, wave, ports.limits.alarm_life, now)


async def follow(ports: Ports, keeper: TokenKeeper, context: TaskContext, job: Job) -> None:
    """Take the newcomers of one look at the currently affected systems, and arrange the next look.

    Raises:
        JobRetry: the other product is away. Not counted: a look that is given up would end the chain of looks, and whoever
            is affected later would be lost; the window of the waves ends it.
    """
    url = current_url(context)
    if not url or ports.clock.now() - context.started_at > ports.limits.wave_window:
        await ports.db.write(_note, ports, context, job, "", None)
        return
    wave = await ports.db.read(store.last_wave, context.tenant, context.task_run) + 1
    try:
        known, number = str(job.payload.get("known", "")), int(job.payload["look"])
        look = await take_all(ports, keeper, context, url, wave, known, number)
    except ComeAgain as again:
        pause = again.seconds if again.asked is not None else max(again.seconds, ports.limits.wave_seconds)
        raise JobRetry(pause, str(again), counts=False) from again
    except FetchRefused as refused:
        await ports.db.write(_note, ports, context, job, str(refused), None)
        return
    await ports.db.write(_note, ports, context, job, "", look)


def current_url(context: TaskContext) -> str:
    """The address of those affected now, where the sender's template carried it."""
    data = context.event.get("envelope", {}).get("data", {})
    return str(data.get("systemsCurrentlyAffectedURL") or "") if isinstance(data, dict) else ""


def arrange_in(conn: Connection, ports: Ports, context: TaskContext, look: int, known: str) -> str:
    """Enqueue look number ``look``, unless it waits already. Returns when it is due, as text.

    ``known``: the validator of what was read last, so that a look at an incident that stands still is one small request.
    """
    due = ports.clock.now() + timedelta(seconds=ports.limits.wave_seconds)
    payload = {"run": context.run, "task": context.task, "look": look, "known": known}
    key = f"{context.task_run}/{look}"
    enqueue(conn, context.tenant, WAVE_DUE, payload, unique=key, run_at=due, priority=2)
    return due.isoformat()


def _note(
    conn: Connection, ports: Ports, context: TaskContext, job: Job, error: str, look: Look | None
) -> None:
    """Ends this look with the next one arranged: a crash in between would make two chains of looks."""
    complete(conn, job)
    output: dict[str, Any] = store.count_reach(conn, context.tenant, context.task_run)
    if look is not None and look.is_open:
        number = int(job.payload["look"]) + 1
        output["next_wave_at"] = arrange_in(conn, ports, context, number, look.tag)
    workflows.note_task(conn, context.tenant, context.task_run, output, error)


def source_of(context: TaskContext) -> Source:
    """Where to ask and as whom, from the task's form and account."""
    form, account = context.form, context.account
    return Source(
        str(form.get("token_url", "")),
        str(form["cloud_url"]),
        str(form.get("client_id", "")),
        account.get("systrack_api_account", ""),
        account.get("api_token", ""),
        account.get("systrack_api_key", ""),
    )


def _ready(context: TaskContext, page: AffectedPage) -> Page:
    """The authenticated answer says which activation this is, whatever the webhook claimed."""
    activation = page.notification_activation_id or str(context.event.get("envelope", {}).get("eventId", ""))
    patch: dict[str, Any] = {
        "lastAlarm": sensor_names(context.form["sensor_names"]),
        "lastAlarmAt": context.started_at.isoformat(),
        "lastAlarmActivationId": activation,
    }
    target = qualtrics_target(context.form)
    return Page(
        activation,
        choose_people(page.systems, page.as_of),
        patch,
        target.directory if target else str(context.form["directory_id"]),
        target.list_id if target else str(context.form["list_id"]),
        is_on(context.form.get("create_contacts", "")),
        target is not None,
    )
