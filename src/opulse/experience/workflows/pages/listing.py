"""All workflows, and the form for a new one."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.surveys.flow import list_surveys
from opulse.experience.workflows import Extension, Workflow, WorkflowDocument, list_extensions
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.flow.definitions import create_workflow
from opulse.experience.workflows.flow.history import last_runs
from opulse.experience.workflows.flow.sharing import list_shared_in
from opulse.experience.workflows.models import LastRun, TriggerDefinition
from opulse.experience.workflows.pages.forms import sentence
from opulse.experience.workflows.pages.shared import Editor, PortsDep, Text, Viewer, may_edit
from opulse.experience.workflows.registry import FieldKind, find_trigger_type
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows")
STAND_ALONE = "stand-alone"
FIRST_KINDS = ["created", "updated"]


@dataclass(frozen=True, slots=True)
class ListedWorkflow:
    """A workflow with its event's title and its newest run."""

    workflow: Workflow
    event: str
    last: LastRun | None


@dataclass(frozen=True, slots=True)
class WorkflowsPage:
    """All workflows of the tenant by name."""

    workflows: tuple[ListedWorkflow, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class NewWorkflowPage:
    """The form: name, location, the extension whose event starts it; ``errors``: field → sentence."""

    name: str
    location: str
    event: str
    locations: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str, str], ...]
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_workflows(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """All workflows: what starts them, whether they are on, how the newest run went."""
    listed = await ports.db.read(_listed, caller)
    return await page(request, "workflows/list.html", WorkflowsPage(tuple(listed), may_edit(caller)))


@router.get("/new")
async def show_new_workflow(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form for a new workflow that an event starts."""
    return await _form(request, ports, caller)


@router.post("/new")
async def save_new_workflow(
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    location: Text = STAND_ALONE,
    event: Text = "",
) -> Response:
    """Make it, switched off, and go on to its event."""
    errors = {}
    kind = find_trigger_type(event)
    if not name.strip():
        errors["name"] = "Give the workflow a name."
    if kind is None:
        errors["event"] = "Choose what starts it."
    if errors or kind is None:
        return await _form(request, ports, caller, name, location, event, errors)
    form = await ports.db.read(_first_form, caller.tenant, event)
    document = WorkflowDocument(
        name=name.strip()[:200],
        location=location,
        trigger=TriggerDefinition(type=event, form=form),
    )
    try:
        made = await create_workflow(
            ports, caller.tenant, document, caller.name, enabled=False, owner=caller.user_id
        )
    except WorkflowProblem as problem:
        words = {"event": " ".join(sentence(one.removeprefix("event: ")) for one in problem.problems)}
        return await _form(request, ports, caller, name, location, event, words)
    return see_other(
        f"/workflows/{made.id}/event", "The workflow is made and switched off. Set up its event."
    )


async def _form(
    request: Request,
    ports: Ports,
    caller: Caller,
    name: str = "",
    location: str = STAND_ALONE,
    event: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    context = NewWorkflowPage(
        name, location, event, await locations(ports, caller.tenant), _events(), errors or {}
    )
    return await page(request, "workflows/new.html", context, 422 if errors else 200)


async def locations(ports: Ports, tenant: int) -> tuple[tuple[str, str], ...]:
    """Where a workflow may lie: on its own, or with one of the surveys."""
    surveys = await list_surveys(ports, tenant)
    return ((STAND_ALONE, "Stand-alone workflow"), *((one.id, one.name) for one in surveys))


def _listed(conn: Connection, caller: Caller) -> list[ListedWorkflow]:
    last = last_runs(conn, caller.tenant)
    return [ListedWorkflow(one, event_title(one), last.get(one.id)) for one in list_shared_in(conn, caller)]


def event_title(workflow: Workflow) -> str:
    """The title of the extension whose event starts it."""
    kind = find_trigger_type(workflow.document.trigger.type)
    return kind.title if kind else workflow.document.trigger.type


def _events() -> tuple[tuple[str, str, str], ...]:
    offering: list[Extension] = [one for one in list_extensions() if one.trigger is not None]
    return tuple((one.trigger.type, one.title, one.help) for one in offering if one.trigger)


def _first_form(conn: Connection, tenant: int, event: str) -> dict[str, object]:
    """What the event's form begins with, so that it can be saved before anybody has looked at it."""
    kind = find_trigger_type(event)
    form: dict[str, object] = {}
    for one in kind.form if kind else ():
        if one.kind is FieldKind.DIRECTORY:
            folders = directory.list_directories(conn, tenant)
            form[one.name] = next((folder.id for folder in folders if folder.is_default), "")
        elif one.kind is FieldKind.MANY:
            offered = [value for value, _ in one.choices]
            form[one.name] = [value for value in offered if value in FIRST_KINDS] or offered
        elif one.kind is FieldKind.CHOICE:
            form[one.name] = one.default
    return form
