"""Workflows, extensions and accounts."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from opulse.experience.workflows import views
from opulse.experience.workflows.api.shared import Admin, Editor, PortsDep, Viewer, open_workflow
from opulse.experience.workflows.flow import accounts
from opulse.experience.workflows.flow import definitions as flow
from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.flow.sharing import list_shared
from opulse.experience.workflows.models import ShareLevel, Workflow, WorkflowDocument
from opulse.experience.workflows.registry import find_trigger_type, list_extensions
from opulse.ports import Ports
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["workflows"])


class WorkflowIn(WorkflowDocument):
    """A workflow to make. ``enabled`` false makes it switched off."""

    enabled: bool = True

    def document(self) -> WorkflowDocument:
        return WorkflowDocument(**{name: getattr(self, name) for name in WorkflowDocument.model_fields})


class WorkflowView(BaseModel):
    """A workflow; ``trigger_url`` is where a JSON event is sent."""

    id: str
    revision: int
    enabled: bool
    trigger_url: str
    document: WorkflowDocument
    updated_at: datetime


class ExtensionView(BaseModel):
    name: str
    title: str
    help: str
    domains: list[str]
    installed: bool
    tasks: list[str]


class InstallIn(BaseModel):
    domains: list[str] | None = None


class AccountIn(BaseModel):
    name: str
    fields: dict[str, str]


class Made(BaseModel):
    id: str


@router.get("/extensions", operation_id="list_extensions")
async def get_extensions(ports: PortsDep, caller: Viewer) -> list[ExtensionView]:
    installed = await ports.db.read(views.list_installs, caller.tenant)
    return [
        ExtensionView(
            name=one.name,
            title=one.title,
            help=one.help,
            domains=installed.get(one.name, list(one.domains)),
            installed=one.built_in or one.name in installed,
            tasks=[task.type for task in one.tasks],
        )
        for one in list_extensions()
    ]


@router.post("/extensions/{name}/install", operation_id="install_extension", status_code=204)
async def post_install(name: str, body: InstallIn, ports: PortsDep, caller: Admin) -> None:
    try:
        await accounts.install_extension(ports, caller.tenant, name, body.domains, caller.name)
    except LookupError as error:
        raise NotFound("extension") from error


@router.post("/extensions/{name}/accounts", operation_id="add_extension_account", status_code=201)
async def post_account(name: str, body: AccountIn, ports: PortsDep, caller: Editor) -> Made:
    try:
        made = await accounts.add_account(ports, caller.tenant, name, body.name, body.fields, caller.name)
    except LookupError as error:
        raise NotFound("extension") from error
    except ValueError as error:
        raise Problem(422, "not a valid account", str(error)) from error
    return Made(id=made)


@router.post("/workflows", operation_id="create_workflow", status_code=201)
async def post_workflow(body: WorkflowIn, ports: PortsDep, caller: Editor) -> WorkflowView:
    try:
        made = await flow.create_workflow(
            ports,
            caller.tenant,
            body.document(),
            caller.name,
            enabled=body.enabled,
            owner=caller.user_id,
        )
    except WorkflowProblem as error:
        raise Problem(422, "the workflow cannot be saved", str(error), problems=error.problems) from error
    return _view(ports, made)


@router.get("/workflows", operation_id="list_workflows")
async def list_workflows(ports: PortsDep, caller: Viewer) -> list[WorkflowView]:
    return [_view(ports, one) for one in await list_shared(ports, caller)]


@router.get("/workflows/{workflow}", operation_id="get_workflow")
async def get_workflow(workflow: str, ports: PortsDep, caller: Viewer) -> WorkflowView:
    return _view(ports, await open_workflow(ports, caller, workflow))


@router.put("/workflows/{workflow}", operation_id="change_workflow")
async def put_workflow(
    workflow: str, body: WorkflowDocument, ports: PortsDep, caller: Editor
) -> WorkflowView:
    await open_workflow(ports, caller, workflow, ShareLevel.EDIT)
    try:
        changed = await flow.change_workflow(ports, caller.tenant, workflow, body, caller.name)
    except LookupError as error:
        raise NotFound("workflow") from error
    except WorkflowProblem as error:
        raise Problem(422, "the workflow cannot be saved", str(error), problems=error.problems) from error
    return _view(ports, changed)


@router.post("/workflows/{workflow}/enable", operation_id="enable_workflow", status_code=204)
async def post_enable(workflow: str, ports: PortsDep, caller: Editor) -> None:
    await open_workflow(ports, caller, workflow, ShareLevel.RUN)
    await flow.switch_workflow(ports, caller.tenant, workflow, True, caller.name)


@router.post("/workflows/{workflow}/disable", operation_id="disable_workflow", status_code=204)
async def post_disable(workflow: str, ports: PortsDep, caller: Editor) -> None:
    await open_workflow(ports, caller, workflow, ShareLevel.RUN)
    await flow.switch_workflow(ports, caller.tenant, workflow, False, caller.name)


@router.delete("/workflows/{workflow}", operation_id="delete_workflow", status_code=204)
async def delete_workflow(workflow: str, ports: PortsDep, caller: Editor) -> None:
    await open_workflow(ports, caller, workflow, ShareLevel.OWNER)
    await flow.delete_workflow(ports, caller.tenant, workflow, caller.name)


def _view(ports: Ports, workflow: Workflow) -> WorkflowView:
    document = workflow.document
    kind = find_trigger_type(document.trigger.type)
    shown = {} if kind is None else kind.show(document.trigger.form)
    trigger = document.trigger.model_copy(update={"form": shown})
    return WorkflowView(
        id=workflow.id,
        revision=workflow.revision,
        enabled=workflow.enabled,
        trigger_url=trigger_url(ports, workflow),
        document=document.model_copy(update={"trigger": trigger}),
        updated_at=workflow.updated_at,
    )
