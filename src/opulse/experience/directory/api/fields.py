"""Declared fields of a directory: their types, and what is done to a field on all contacts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory
from opulse.experience.directory.flow.fields import change_field, declare_field, undeclare_field
from opulse.experience.directory.models import (
    FieldAction,
    FieldChange,
    FieldChangeState,
    FieldKind,
    FieldRefused,
    FieldScope,
)
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}", tags=["directory"])


class FieldView(BaseModel):
    name: str
    kind: FieldKind
    scope: FieldScope = FieldScope.CONTACT


class FieldsView(BaseModel):
    """``declared`` have a type. ``seen``: names on the 2,000 newest contacts, each with how many of these have it."""

    declared: list[FieldView]
    seen: dict[str, int]


class FieldName(BaseModel):
    name: str
    scope: FieldScope = FieldScope.CONTACT


class FieldChangeIn(BaseModel):
    """``target``: the new name, or the field into which this one is merged. A removal names none."""

    action: FieldAction
    field: str
    target: str = ""


class FieldChangeView(BaseModel):
    """``contacts`` were rewritten so far."""

    id: str
    action: FieldAction
    field: str
    target: str
    state: FieldChangeState
    contacts: int
    created_at: datetime
    updated_at: datetime


@router.get("/fields", operation_id="list_contact_fields")
async def list_fields(directory: str, ports: PortsDep, caller: Viewer) -> FieldsView:
    await find_directory(ports, caller, directory)
    declared = [
        one
        for scope in FieldScope
        for one in (await ports.db.read(views.find_declared, caller.tenant, directory, scope)).values()
    ]
    return FieldsView(
        declared=[FieldView(name=one.name, kind=one.kind, scope=one.scope) for one in declared],
        seen=await ports.db.read(views.list_seen, caller.tenant, directory),
    )


@router.put("/fields", operation_id="declare_contact_field")
async def put_field(directory: str, body: FieldView, ports: PortsDep, caller: Editor) -> FieldView:
    """Declare the type of a field; refused while contacts have values of it that are of another one."""
    try:
        made = await declare_field(
            ports, caller.tenant, directory, body.scope, body.name, body.kind, caller.name
        )
    except LookupError as error:
        raise NotFound("directory") from error
    except FieldRefused as error:
        raise Problem(422, "not a valid field", str(error)) from error
    return FieldView(name=made.name, kind=made.kind, scope=made.scope)


@router.post("/fields/undeclare", operation_id="undeclare_contact_field", status_code=204)
async def post_undeclare(directory: str, body: FieldName, ports: PortsDep, caller: Editor) -> None:
    """Forget the type of a field; values stay."""
    await find_directory(ports, caller, directory)
    try:
        await undeclare_field(ports, caller.tenant, directory, body.scope, body.name, caller.name)
    except LookupError as error:
        raise Problem(422, "not a declared field", f"{body.name} is not declared here") from error


@router.post("/field-changes", operation_id="change_contact_field", status_code=202)
async def post_change(
    directory: str, body: FieldChangeIn, ports: PortsDep, caller: Editor
) -> FieldChangeView:
    """Rename, merge or remove a field on all contacts, in the background."""
    if body.action is FieldAction.CONVERT:
        raise Problem(422, "not a change", "a field is converted by declaring its type")
    try:
        made = await change_field(
            ports, caller.tenant, directory, body.action, body.field, body.target, caller.name
        )
    except LookupError as error:
        raise NotFound("directory") from error
    except FieldRefused as error:
        raise Problem(422, "not a valid change of a field", str(error)) from error
    return _view(made)


@router.get("/field-changes", operation_id="list_field_changes")
async def list_changes(
    directory: str, ports: PortsDep, caller: Viewer, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[FieldChangeView]:
    await find_directory(ports, caller, directory)
    found = await ports.db.read(views.list_changes, caller.tenant, directory, limit)
    return [_view(one) for one in found]


def _view(one: FieldChange) -> FieldChangeView:
    return FieldChangeView(**{name: getattr(one, name) for name in FieldChangeView.model_fields})
