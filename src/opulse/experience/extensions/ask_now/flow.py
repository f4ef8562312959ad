"""Find the people, say what asking them would do, and ask them: by a workflow with the ordinary task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory import (
    Cause,
    Person,
    gather_in,
    match_people_in,
    open_gathering_in,
    put_on_list_in,
)
from opulse.experience.directory import views as directory
from opulse.experience.directory.flow.lists import create_list
from opulse.experience.directory.models import ChangeGroup, ChangeSet
from opulse.experience.distributions import AskRequest, MessageSpec
from opulse.experience.distributions.flow.previewing import preview
from opulse.experience.extensions.ask_now.models import TRIGGER, AskProblem, Foreseen, Found, Line, Wanted
from opulse.experience.extensions.ask_now.rules import read_lines, sort_found
from opulse.experience.surveys.flow import NotPublished, SurveyUnknown, get_published_in
from opulse.experience.workflows import Event, Selection, Workflow, WorkflowDocument, start_run_in, views
from opulse.experience.workflows.doors import people_door
from opulse.experience.workflows.flow.definitions import create_workflow
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.experience.workflows.models import Run, TaskDefinition, TriggerDefinition
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text

STEP = 1_000
NAMES_SHOWN = 50
BY_HAND = "Asked by hand"
"""The mailing list of people who were asked without one: it is what they opt out of."""


async def foresee(ports: Ports, tenant: int, wanted: Wanted) -> Foreseen:
    """Whom this would ask, hold and spare now, and who was not found. Nothing is written.

    Raises:
        AskProblem: nobody is named, or the survey cannot be asked.
    """
    found = await _find(ports, tenant, wanted)
    request = AskRequest(
        tenant,
        workflow="preview",
        run=f"preview {random_text(10)}",
        task_run="",
        activation="",
        wave=1,
        survey=wanted.survey,
        message=MessageSpec(wanted.subject, wanted.message),
        contact_ids=found.contacts,
        list_id=wanted.list_id,
    )
    try:
        result = await preview(ports, request)
    except (SurveyUnknown, NotPublished) as error:
        raise AskProblem({"survey": "Choose a survey that is published."}) from error
    reasons = {str(reason): count for part in (result.held, result.spared) for reason, count in part.items()}
    names = await ports.db.read(_names_in, tenant, wanted.directory, found.contacts[:NAMES_SHOWN])
    return Foreseen(
        found, result.asked, sum(result.held.values()), sum(result.spared.values()), reasons, tuple(names)
    )


async def ask_now(ports: Ports, tenant: int, wanted: Wanted, actor: str) -> Run:
    """Ask them. The same ``key`` again gives the run that it started.

    Raises:
        AskProblem: nobody is named, or the survey cannot be asked.
    """
    found = await _find(ports, tenant, wanted)
    if not found.contacts:
        raise AskProblem({"people": "None of them is a contact of this directory."})
    try:
        await ports.db.read(get_published_in, tenant, wanted.survey)
    except LookupError as error:
        raise AskProblem({"survey": "Choose a survey that is published."}) from error
    list_id = wanted.list_id or await _list_by_hand(ports, tenant, wanted.directory, actor)
    workflow = await _workflow(ports, tenant, wanted.survey, list_id, actor)
    key = f"ask/{wanted.key or random_text(20)}"
    change = await ports.db.write(_open_in, tenant, wanted.directory, ports.clock.now())
    groups: list[ChangeGroup] = []
    for part in chunked(list(found.contacts), STEP):
        now = ports.clock.now()
        groups += await ports.db.write(_gather_in, tenant, change, list(part), list_id, now, len(groups))
    return await ports.db.write(_start_in, workflow, key, change, groups, wanted, actor, ports.clock.now())


async def _find(ports: Ports, tenant: int, wanted: Wanted) -> Found:
    chosen = [name for name in ("group", "list_id", "people") if getattr(wanted, name).strip()]
    if len(chosen) != 1:
        raise AskProblem({"people": "Choose a group, choose a list, or paste people: one of the three."})
    if await ports.db.read(directory.find_directory, tenant, wanted.directory) is None:
        raise AskProblem({"directory": "Choose a directory."})
    if chosen == ["people"]:
        try:
            lines = read_lines(wanted.people)
        except ValueError as error:
            raise AskProblem({"people": str(error)}) from error
        return await ports.db.read(_find_lines_in, tenant, wanted.directory, lines, ports.clock.now())
    if chosen == ["list_id"]:
        return await _find_list(ports, tenant, wanted)
    return await _find_group(ports, tenant, wanted)


async def _find_list(ports: Ports, tenant: int, wanted: Wanted) -> Found:
    chosen = await ports.db.read(directory.find_list, tenant, wanted.list_id)
    if chosen is None or chosen.directory != wanted.directory:
        raise AskProblem({"list_id": "Choose a list of this directory."})
    ids: list[str] = []
    while True:
        after = ids[-1] if ids else ""
        more = await ports.db.read(directory.list_members_after, tenant, wanted.list_id, after, 10_000)
        ids += more
        if len(more) < 10_000:
            return Found(tuple(ids))


async def _find_group(ports: Ports, tenant: int, wanted: Wanted) -> Found:
    door = people_door()
    if door is None:
        raise AskProblem({"group": "This installation knows no groups: choose a list, or paste people."})
    try:
        people = await ports.db.read(door, tenant, wanted.group, ports.clock.now())
    except LookupError as error:
        raise AskProblem({"group": "Choose a group."}) from error
    return await ports.db.read(_match_in, tenant, wanted.directory, people, ports.clock.now())


def _match_in(conn: Connection, tenant: int, folder: str, people: Sequence[Person], now: datetime) -> Found:
    found: dict[str, str] = {}
    for part in chunked(list(people), STEP):
        found |= match_people_in(conn, tenant, folder, list(part), create=False, list_id="", now=now)
    missing = [
        (one.email or one.user_id, "no contact for this user") for one in people if one.key not in found
    ]
    return Found(tuple(sorted(set(found.values()))), tuple(missing))


def _find_lines_in(conn: Connection, tenant: int, folder: str, lines: Sequence[Line], now: datetime) -> Found:
    people = [Person("", line.email) for line in lines if line.email]
    references = [Person(line.name, "") for line in lines if line.name]
    by_email = match_people_in(conn, tenant, folder, people, create=False, list_id="", now=now)
    by_reference = match_people_in(conn, tenant, folder, references, create=False, list_id="", now=now)
    by_name = directory.list_ids_by_name(conn, tenant, folder, [line.name for line in lines if line.name])
    found, unknown = sort_found(lines, by_email, by_reference, by_name)
    return Found(tuple(sorted(found)), tuple(unknown))


async def _list_by_hand(ports: Ports, tenant: int, folder: str, actor: str) -> str:
    lists = await ports.db.read(directory.list_lists, tenant)
    known = next((one.id for one in lists if one.directory == folder and one.name == BY_HAND), "")
    return known or (await create_list(ports, tenant, folder, BY_HAND, actor)).id


async def _workflow(ports: Ports, tenant: int, survey: str, list_id: str, actor: str) -> Workflow:
    """The workflow that asks with this survey for this list: made when it is first needed, and used again."""
    for one in await ports.db.read(views.list_workflows, tenant, TRIGGER):
        task = one.document.tasks[0] if one.document.tasks else None
        if task and (task.form.get("survey"), task.form.get("contact_list")) == (survey, list_id):
            return one
    name = await ports.db.read(_title_in, tenant, survey)
    form = {
        "contact_list": list_id,
        "survey": survey,
        "subject": "${a://Field/subject}",
        "message": "${a://Field/message}",
    }
    task = TaskDefinition(id="ask", type="xm_directory.distribute_survey", form=form)
    document = WorkflowDocument(
        name=f"Ask now: {name}"[:200], trigger=TriggerDefinition(type=TRIGGER, form={}), tasks=[task]
    )
    return await create_workflow(ports, tenant, document, actor)


def _title_in(conn: Connection, tenant: int, survey: str) -> str:
    return get_published_in(conn, tenant, survey)[1].title


def _open_in(conn: Connection, tenant: int, folder: str, now: datetime) -> ChangeSet:
    return open_gathering_in(conn, tenant, folder, cause=Cause(), now=now)


def _gather_in(
    conn: Connection, tenant: int, change: ChangeSet, ids: list[str], list_id: str, now: datetime, first: int
) -> list[ChangeGroup]:
    put_on_list_in(conn, tenant, list_id, ids, now)
    return gather_in(conn, tenant, change, ids, [], now, first=first)


def _start_in(
    conn: Connection,
    workflow: Workflow,
    key: str,
    change: ChangeSet,
    groups: Sequence[ChangeGroup],
    wanted: Wanted,
    actor: str,
    now: datetime,
) -> Run:
    count = sum(group.count for group in groups)
    selection = Selection(change.id, tuple(group.number for group in groups), count)
    fields: dict[str, Any] = {
        "subject": wanted.subject,
        "message": wanted.message,
        "askedBy": actor,
        "contacts": count,
    }
    event = Event(key, {"envelope": {"askedBy": actor}, "fields": fields}, selection=selection)
    trace_event_in(conn, workflow, event, now)
    run, is_new = start_run_in(conn, workflow, event, now)
    if is_new:
        after = {"people": count, "survey": wanted.survey, "run": run.id}
        audit_in(conn, workflow.tenant, actor, "people.asked_now", workflow.id, None, after, now)
    return run


def _names_in(conn: Connection, tenant: int, folder: str, ids: Sequence[str]) -> list[str]:
    found = [
        directory.find_contact(conn, tenant, folder, one) for one in ids
    ]  # at most 50, for people to read
    return [f"{one.first_name} {one.last_name}".strip() or one.email or one.id for one in found if one]
