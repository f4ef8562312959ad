"""What every page of workflows takes: ports, a caller of the right role, the workflow of the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.datastructures import FormData

from opulse.experience.workflows import Workflow, WorkflowDocument
from opulse.experience.workflows.flow.definitions import change_workflow
from opulse.experience.workflows.flow.sharing import find_shared
from opulse.experience.workflows.models import ShareLevel
from opulse.ports import Ports
from opulse.web.access import Caller, NotAllowed, needs_admin, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound

PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(needs_admin)]
Editor = Annotated[Caller, Depends(needs_editor)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Text = Annotated[str, Form()]
MOST_FIELDS = 2_000  # of the longest form: conditions, five inputs each


async def find_workflow(
    ports: Ports, caller: Caller, workflow: str, level: ShareLevel = ShareLevel.READ
) -> Workflow:
    """The workflow of the address.

    Raises:
        NotFound: it does not exist for this caller.
        NotAllowed: it is shared with them for less than this.
    """
    found = await find_shared(ports, caller, workflow)
    if found is None:
        raise NotFound("workflow")
    if found[1] < level:
        raise NotAllowed(f"this workflow is shared with you to {found[1].name.lower()} it")
    return found[0]


async def level_of(ports: Ports, caller: Caller, workflow: str) -> ShareLevel:
    """What the caller may do with a workflow that they may see."""
    found = await find_shared(ports, caller, workflow)
    return found[1] if found else ShareLevel.READ


async def save_document(ports: Ports, caller: Caller, workflow: Workflow, **changes: object) -> Workflow:
    """A new revision with these parts of the document changed. Raises WorkflowProblem."""
    document: WorkflowDocument = workflow.document.model_copy(update=changes)
    return await change_workflow(ports, caller.tenant, workflow.id, document, caller.name)


async def posted(request: Request) -> FormData:
    """The sent form. Files are not taken."""
    return await request.form(max_files=0, max_fields=MOST_FIELDS)


def texts(form: FormData) -> Mapping[str, str]:
    """The form's fields as text; of a name that was sent more than once, the last."""
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def may_edit(caller: Caller) -> bool:
    return caller.may(*needs_editor.roles)
