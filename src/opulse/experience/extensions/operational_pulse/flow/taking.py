"""Take one page of affected systems: reach rows, contacts, ``lastAlarm`` and the change set, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import Cause, match_people_in, merge_embedded_in
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.models import PEOPLE_HANDED, AffectedPerson, ReachReason
from opulse.experience.workflows import TaskContext
from opulse.experience.workflows import views as workflows
from opulse.jobs import enqueue
from opulse.observe.metrics import DECISIONS


@dataclass(frozen=True)
class Page:
    """A page made ready: whom it leads to, and what to write on them."""

    activation: str
    people: Sequence[AffectedPerson]
    patch: dict[str, Any]
    directory: str
    list_id: str
    create: bool
    at_qualtrics: bool = False
    """``directory`` and ``list_id`` are Qualtrics'."""


def take_page_in(
    conn: Connection, context: TaskContext, page: Page, wave: int, alarm_life: timedelta, now: datetime
) -> int:
    """Write the page. Systems that this task run knows are left alone, so a page can be taken twice. Returns the newcomers."""
    systems = {one.system for one in page.people}
    known = store.find_known_systems(conn, context.tenant, context.task_run, systems)
    fresh = [one for one in page.people if one.system not in known]
    if not fresh:
        return 0
    found = match_people_in(
        conn,
        context.tenant,
        page.directory,
        [one.person for one in fresh if one.person is not None],
        create=page.create,
        list_id=page.list_id,
        now=now,
    )
    rows = {(row["system"], row["person"]): row for row in (_row(one, found) for one in fresh)}
    store.insert_reach(
        conn, context.tenant, context.task_run, context.run, page.activation, wave, list(rows.values()), now
    )
    if not context.activation and page.activation:
        workflows.set_activation(conn, context.tenant, context.run, page.activation)
    cause = Cause(page.activation, wave, context.run, context.chain)
    merge_embedded_in(
        conn,
        context.tenant,
        page.directory,
        sorted(set(found.values())),
        page.patch,
        cause=cause,
        now=now,
        alarm_life=alarm_life,
    )
    for why, count in Counter(row["reason"] for row in rows.values()).items():
        DECISIONS.labels("reach", why).inc(count)
    return len({one.system for one in fresh})


def hand_page_in(conn: Connection, context: TaskContext, page: Page, wave: int, now: datetime) -> int:
    """As :func:`take_page_in`, for a directory at Qualtrics: the people are a batch, and a job brings it there."""
    systems = {one.system for one in page.people}
    known = store.find_known_systems(conn, context.tenant, context.task_run, systems)
    fresh = [one for one in page.people if one.system not in known]
    if not fresh:
        return 0
    people = {one.person.key: one.person for one in fresh if one.person is not None}
    ends = store.find_ends(conn, context.tenant, context.task_run, people)
    rows = {(row["system"], row["person"]): row for row in (_handed_row(one, ends) for one in fresh)}
    store.insert_reach(
        conn, context.tenant, context.task_run, context.run, page.activation, wave, list(rows.values()), now
    )
    if not context.activation and page.activation:
        workflows.set_activation(conn, context.tenant, context.run, page.activation)
    on_the_way = [
        store.HandedPerson(key, one.email.strip(), one.user_id.strip(), one.first_name, one.last_name)
        for key, one in people.items()
        if key and key not in ends
    ]
    if on_the_way:
        batch = store.insert_batch(conn, context.tenant, context.task_run, page.activation, on_the_way, now)
        payload = {"run": context.run, "task": context.task, "batch": batch}
        enqueue(
            conn, context.tenant, PEOPLE_HANDED, payload, unique=f"{context.task_run}/{batch}", priority=2
        )
    return len({one.system for one in fresh})


def _handed_row(one: AffectedPerson, ends: Mapping[str, str]) -> dict[str, Any]:
    key = one.person.key if one.person else ""
    reason = ends.get(key, ReachReason.TO_QUALTRICS.value) if key else ReachReason.NO_USER.value
    return {
        "system": one.system,
        "system_name": one.system_name,
        "person": key,
        "contact": "",
        "reason": reason,
    }


def _row(one: AffectedPerson, found: dict[str, str]) -> dict[str, Any]:
    key = one.person.key if one.person else ""
    contact = found.get(key, "")
    reason = one.reason
    if one.person is not None and not contact:
        reason = ReachReason.NO_CONTACT if one.person.email else ReachReason.NO_EMAIL
    return {
        "system": one.system,
        "system_name": one.system_name,
        "person": key,
        "contact": contact,
        "reason": reason.value,
    }
