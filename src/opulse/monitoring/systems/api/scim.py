"""``/scim/v2``: an identity provider keeps the people known to monitoring in step (RFC 7644), with an integration key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from opulse.monitoring.systems.flow import people as flow
from opulse.monitoring.systems.models import Person, PersonEntry, UserNameTaken
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.wire.scim import (
    CONTENT_TYPE,
    ENTERPRISE,
    USER,
    ScimFault,
    ScimRefused,
    ScimUser,
    read_filter,
    read_patch,
    read_user,
    write_error,
    write_list,
)
from opulse.wire.scim_metadata import MOST_RESULTS, resource_types, schemas, service_provider_config

router = APIRouter(prefix="/scim/v2", tags=["SCIM"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]

_BODY = {
    "requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": {"type": "object"}}}},
}
_MOST_BYTES = 100_000
_COLUMNS = {"external_id": "account"}  # our names of what a filter may ask, where they differ


class ScimAnswer(JSONResponse):
    """JSON under the name that RFC 7644 gives it."""

    media_type = CONTENT_TYPE


@router.get("/ServiceProviderConfig", operation_id="scim_get_config", response_class=ScimAnswer)
async def get_config(ports: PortsDep, caller: Viewer) -> Response:
    """What this provider can do."""
    return ScimAnswer(service_provider_config(_base(ports)))


@router.get("/ResourceTypes", operation_id="scim_list_resource_types", response_class=ScimAnswer)
async def list_resource_types(ports: PortsDep, caller: Viewer) -> Response:
    """User, with the enterprise extension."""
    found = resource_types(_base(ports))
    return ScimAnswer(write_list(len(found), 1, found))


@router.get("/ResourceTypes/{name}", operation_id="scim_get_resource_type", response_class=ScimAnswer)
async def get_resource_type(name: str, ports: PortsDep, caller: Viewer) -> Response:
    """One of them."""
    return _one_of(resource_types(_base(ports)), name)


@router.get("/Schemas", operation_id="scim_list_schemas", response_class=ScimAnswer)
async def list_schemas(ports: PortsDep, caller: Viewer) -> Response:
    """The attributes that are kept."""
    found = schemas(_base(ports))
    return ScimAnswer(write_list(len(found), 1, found))


@router.get("/Schemas/{urn}", operation_id="scim_get_schema", response_class=ScimAnswer)
async def get_schema(urn: str, ports: PortsDep, caller: Viewer) -> Response:
    """One schema."""
    return _one_of(schemas(_base(ports)), urn)


@router.get("/Users", operation_id="scim_list_users", response_class=ScimAnswer)
async def list_users(
    ports: PortsDep,
    caller: Viewer,
    asked: Annotated[str, Query(alias="filter", max_length=600)] = "",
    start: Annotated[int, Query(alias="startIndex")] = 1,
    count: int = MOST_RESULTS,
) -> Response:
    """People by user name, at most 200 at once; of filters ``userName eq "…"`` and its like are understood."""
    try:
        name, value = read_filter(asked) if asked.strip() else ("", "")
    except ScimRefused as error:
        return _refused(error)
    which = {_COLUMNS.get(name, name): value} if name else {}
    start, count = max(1, start), min(MOST_RESULTS, max(0, count))
    total, found = await flow.list_people(ports, caller.tenant, start - 1, count, which)
    return ScimAnswer(write_list(total, start, [_show(ports, one) for one in found]))


@router.post(
    "/Users", operation_id="scim_create_user", status_code=201, response_class=ScimAnswer, openapi_extra=_BODY
)
async def post_user(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """A new person."""
    try:
        said = read_user(await _read_body(request))
        entry = _entry(said, said.user_name or "")
        made = await flow.create_person(ports, caller.tenant, entry, caller.name)
    except ScimRefused as error:
        return _refused(error)
    except UserNameTaken as error:
        return _taken(error)
    shown = _show(ports, made)
    return ScimAnswer(shown, 201, headers={"Location": shown["meta"]["location"]})


@router.get("/Users/{user_id}", operation_id="scim_get_user", response_class=ScimAnswer)
async def get_user(user_id: str, ports: PortsDep, caller: Viewer) -> Response:
    """One person."""
    found = await flow.find_person(ports, caller.tenant, user_id)
    return _unknown(user_id) if found is None else ScimAnswer(_show(ports, found))


@router.put(
    "/Users/{user_id}", operation_id="scim_replace_user", response_class=ScimAnswer, openapi_extra=_BODY
)
async def put_user(user_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Replace what is known of the person; what the body leaves out is empty from then on."""
    try:
        said = read_user(await _read_body(request))
    except ScimRefused as error:
        return _refused(error)
    empty = PersonEntry(said.user_name or "", "", "", "", "", "", "", "", True)
    return await _change(ports, caller, user_id, _entry(said, said.user_name or "", empty))


@router.patch(
    "/Users/{user_id}", operation_id="scim_change_user", response_class=ScimAnswer, openapi_extra=_BODY
)
async def patch_user(user_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Change some of what is known of the person."""
    try:
        said = read_patch(await _read_body(request))
    except ScimRefused as error:
        return _refused(error)
    known = await flow.find_person(ports, caller.tenant, user_id)
    if known is None:
        return _unknown(user_id)
    return await _change(ports, caller, user_id, _entry(said, said.user_name or known.user_name))


@router.delete("/Users/{user_id}", operation_id="scim_delete_user", status_code=204)
async def delete_user(user_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Forget the person: users of systems lose the address."""
    done = await flow.delete_person(ports, caller.tenant, user_id, caller.name)
    return Response(status_code=204) if done else _unknown(user_id)


async def _change(ports: Ports, caller: Caller, user_id: str, entry: PersonEntry) -> Response:
    try:
        changed = await flow.change_person(ports, caller.tenant, user_id, entry, caller.name)
    except UserNameTaken as error:
        return _taken(error)
    return _unknown(user_id) if changed is None else ScimAnswer(_show(ports, changed))


async def _read_body(request: Request) -> Any:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise ScimRefused(ScimFault.INVALID_SYNTAX, "The body is larger than 100 KB.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ScimRefused(ScimFault.INVALID_SYNTAX, "The body is no JSON.") from error


def _entry(said: ScimUser, user_name: str, empty: PersonEntry | None = None) -> PersonEntry:
    """``empty``: what an attribute is that was not said; None leaves what is known."""
    blank = empty or PersonEntry(user_name)

    def known(value: Any, otherwise: Any) -> Any:
        return otherwise if value is None else value

    return PersonEntry(
        user_name,
        known(said.external_id, blank.account),
        known(said.email, blank.email),
        known(said.given_name, blank.first_name),
        known(said.family_name, blank.last_name),
        known(said.display_name, blank.display_name),
        known(said.department, blank.department),
        known(said.language, blank.language),
        known(said.active, blank.is_active),
    )


def _show(ports: Ports, person: Person) -> dict[str, Any]:
    """The person as a User. An attribute without a value is left out (RFC 7643, 2.5)."""
    shown: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE],
        "id": person.id,
        "externalId": person.account,
        "userName": person.user_name,
        "displayName": person.display_name,
        "preferredLanguage": person.language,
        "name": _filled({"givenName": person.first_name, "familyName": person.last_name}),
        "emails": [{"value": person.email, "type": "work", "primary": True}] if person.email else [],
        "active": person.is_active,
        ENTERPRISE: _filled({"department": person.department}),
        "meta": {
            "resourceType": "User",
            "created": person.created_at.isoformat(),
            "lastModified": person.updated_at.isoformat(),
            "location": f"{_base(ports)}/Users/{person.id}",
        },
    }
    return {name: value for name, value in shown.items() if value not in ("", [], {})}


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _one_of(found: list[dict[str, Any]], wanted: str) -> Response:
    one = next((one for one in found if one["id"] == wanted), None)
    return _unknown(wanted) if one is None else ScimAnswer(one)


def _refused(error: ScimRefused) -> Response:
    return ScimAnswer(write_error(400, str(error), error.fault), 400)


def _taken(error: UserNameTaken) -> Response:
    detail = f"Another user has the userName {error}."
    return ScimAnswer(write_error(409, detail, ScimFault.UNIQUENESS), 409)


def _unknown(wanted: str) -> Response:
    return ScimAnswer(write_error(404, f"There is no {wanted} here."), 404)


def _base(ports: Ports) -> str:
    return f"{ports.monitoring_url}/scim/v2"
