"""Events about contacts whose data did not change: a subscription, a bounce, a response, a list at a time of day.

The contacts become a set in groups by what the conditions read, so conditions, traces, blocks and distributions work as on
those of a contact change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import Cause, ChangeSet, gather_in, open_gathering_in
from opulse.experience.directory.models import ChangeGroup
from opulse.experience.workflows.flow.runs import Event, start_run_in
from opulse.experience.workflows.flow.traces import note_traces_in
from opulse.experience.workflows.models import CHAIN_DEPTH, Run, Selection, Workflow
from opulse.experience.workflows.rules.conditions import matches_conditions

MOST = 2_000  # contacts in one unit


@dataclass(frozen=True)
class ContactEvent:
    """What happened to these contacts of one directory (at most 2,000). ``fields``: what the event says beside their data."""

    key: str
    directory: str
    contacts: Sequence[str]
    fields: Mapping[str, Any]
    activation: str = ""
    chain: tuple[str, ...] = ()


def take_contact_event_in(
    conn: Connection, workflow: Workflow, event: ContactEvent, now: datetime
) -> tuple[Run, bool] | None:
    """Evaluate the workflow's conditions over the event, keep the traces, and start a run for those for whom they hold.

    Returns:
        The run, and whether it is new; None where the conditions hold for nobody.
    """
    if workflow.id in event.chain or len(event.chain) >= CHAIN_DEPTH:
        note_traces_in(
            conn, workflow, event.key, [(0, len(event.contacts))], False, "circle", {}, event.activation, now
        )
        return None
    cause = Cause(event.activation, 1, "", event.chain)
    change = open_gathering_in(conn, workflow.tenant, event.directory, cause=cause, now=now)
    read = sorted(workflow.document.conditions.fields() - set(event.fields))
    groups = gather_in(conn, workflow.tenant, change, event.contacts, read, now, first=0)
    return start_for_groups_in(conn, workflow, event, change, groups, now)


def start_for_groups_in(
    conn: Connection,
    workflow: Workflow,
    event: ContactEvent,
    change: ChangeSet,
    groups: Sequence[ChangeGroup],
    now: datetime,
) -> tuple[Run, bool] | None:
    """As :func:`take_contact_event_in`, for contacts that are gathered already."""
    matched: list[ChangeGroup] = []
    for group in groups:
        before, after = {**group.before, **event.fields}, {**group.after, **event.fields}
        held, trace = matches_conditions(workflow.document.conditions, before, after)
        place = [(group.number, group.count)]
        note_traces_in(conn, workflow, event.key, place, held, "", trace, event.activation, now)
        if held:
            matched.append(group)
    if not matched:
        return None
    numbers = tuple(group.number for group in matched)
    selection = Selection(change.id, numbers, sum(group.count for group in matched))
    fields = {"contacts": selection.count, **event.fields}
    body = {"envelope": {"change_set": change.id, **event.fields}, "fields": fields}
    started = Event(event.key, body, event.activation, 1, event.chain, selection)
    return start_run_in(conn, workflow, started, now)
