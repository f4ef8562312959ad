"""``/api/v1/configuration``: the tenant's configuration as YAML, and its import."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field

from opulse.ports import Ports
from opulse.pulses.configuration.flow import export_configuration, import_configuration
from opulse.pulses.configuration.models import (
    MOST_BYTES,
    Doing,
    ImportDone,
    ImportRefused,
    ImportWanted,
    PlanOutdated,
)
from opulse.web.access import Caller, api_admin, ports_of
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1/configuration", tags=["configuration"])
PortsDep = Annotated[Ports, Depends(ports_of)]
YAML = "application/yaml"
MANY = 20


class ImportBody(BaseModel):
    """A document and what may be done with it."""

    document: Annotated[str, Field(max_length=MOST_BYTES)]
    secrets: dict[str, str] = Field(
        default_factory=dict, description="Path with slashes, as `missing_secrets` names it → the secret."
    )
    dry_run: bool = False
    prune: bool = Field(False, description="Remove what the sections of the document do not name.")
    open_mail: bool = Field(False, description="The document may open mail to everybody.")
    expect: str = Field(
        "", description="The `token` of a dry run: refused when something else would be done."
    )


class FieldView(BaseModel):
    """One value that differs; null: it is not there."""

    path: str
    before: Any
    after: Any


class ChangeView(BaseModel):
    """One entry of a section."""

    section: str
    key: str
    doing: Doing
    fields: list[FieldView]


class ImportView(BaseModel):
    """``applied`` is false for a dry run, where nothing differs, and where secrets are missing."""

    applied: bool
    token: str
    missing_secrets: list[str]
    changes: list[ChangeView]


@router.get(
    "",
    operation_id="export_configuration",
    response_class=Response,
    responses={200: {"content": {YAML: {}}}},
)
async def get_configuration(ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]) -> Response:
    """Everything that administrators made, without secrets, people and systems."""
    text = await export_configuration(ports, caller.tenant, caller.name)
    return Response(text, media_type=YAML, headers={"Cache-Control": "no-store"})


@router.post("/import", operation_id="import_configuration")
async def post_import(
    body: ImportBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> ImportView:
    """Make what is here what the document says: all of it, or nothing."""
    try:
        done = await import_configuration(
            ports, caller.tenant, caller.name, ImportWanted(**body.model_dump())
        )
    except ImportRefused as refused:
        lines = [f"{_place(one.line, one.path)}: {one.text}" for one in refused.mends[:MANY]]
        lines += [f"and {len(refused.mends) - MANY} more"] * (len(refused.mends) > MANY)
        mends = [{"line": one.line, "path": one.path, "text": one.text} for one in refused.mends]
        raise Problem(422, "the configuration was not taken", "\n".join(lines), mends=mends) from refused
    except PlanOutdated as outdated:
        text = "Something else would be done now than what was looked at. Look at the difference again."
        raise Problem(409, "the configuration has changed meanwhile", text) from outdated
    return _view(done)


def _place(line: int, path: str) -> str:
    return ", ".join([f"line {line}"] * bool(line) + [path] * bool(path)) or "document"


def _view(done: ImportDone) -> ImportView:
    changes = [
        ChangeView(
            section=one.section,
            key=one.key,
            doing=one.doing,
            fields=[FieldView(path=f.path, before=f.before, after=f.after) for f in one.fields],
        )
        for one in done.plan.changes
    ]
    return ImportView(
        applied=done.applied,
        token=done.plan.token,
        missing_secrets=list(done.plan.secrets),
        changes=changes,
    )
