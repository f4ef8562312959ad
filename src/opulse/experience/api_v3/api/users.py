"""Who calls, and whom the tenant has: users, groups, the one division, the organization."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, TypedDict

from fastapi import Depends, Response

from opulse.experience.api_v3.api.edge import (
    DeskDep,
    IdPath,
    PageDep,
    V3Router,
    administers,
    oversees,
    reads,
    refuse,
)
from opulse.ports import Ports
from opulse.tenancy import Tenant, find_tenant, views
from opulse.tenancy.flow import access_tokens
from opulse.tenancy.models import Person
from opulse.web.access import Caller, Role

router = V3Router()
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ACCOUNT_TYPES = {Role.ADMIN: "UT_BRANDADMIN", Role.EDITOR: "UT_EDITOR", Role.VIEWER: "UT_VIEWER"}


class WhoAmI(TypedDict):
    brandId: str
    userId: str
    userName: str
    accountType: str
    firstName: str
    lastName: str
    email: str
    datacenter: str


class UserListed(TypedDict):
    id: str
    divisionId: str
    username: str
    firstName: str
    lastName: str
    userType: str
    email: str
    accountStatus: str


class UserShown(UserListed):
    organizationId: str
    language: str
    unsubscribed: bool
    accountCreationDate: str
    accountExpirationDate: str | None
    passwordLastChangedDate: str | None
    passwordExpirationDate: str | None
    lastLoginDate: str | None
    responseCounts: dict[str, int]
    permissions: dict[str, Any]


def stable_id(prefix: str, name: str) -> str:
    """An id of the vendor's form for something of ours that has another: always the same, 89 bits of SHA-256."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big")
    letters = ""
    for _ in range(15):
        number, digit = divmod(number, 62)
        letters += _LETTERS[digit]
    return f"{prefix}_{letters}"


def user_id(person: str) -> str:
    """``UR_…`` of a person's own id."""
    return stable_id("UR", person)


def iso(moment: datetime) -> str:
    """``2026-11-29T23:08:26Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@router.get("/whoami", operation_id="v3_whoami")
async def get_whoami(desk: DeskDep, caller: Annotated[Caller, Depends(reads("users"))]) -> Response:
    tenant = await desk.ports.db.read(find_tenant, caller.tenant)
    person = await desk.ports.db.read(views.find_person, caller.tenant, caller.user_id)
    first, last = _names(person.name if person else caller.name)
    told: WhoAmI = {
        "brandId": tenant.client_id,
        "userId": user_id(person.id if person else caller.key_id),
        "userName": person.email if person else caller.name,
        "accountType": ACCOUNT_TYPES.get(caller.role, "UT_BRANDADMIN"),
        "firstName": first,
        "lastName": last,
        "email": person.email if person else "",
        "datacenter": desk.request.url.hostname or "",
    }
    return desk.ok(told)


@router.get("/users", operation_id="v3_list_users")
async def list_users(
    desk: DeskDep, page: PageDep, caller: Annotated[Caller, Depends(oversees("users"))]
) -> Response:
    tenant = await desk.ports.db.read(find_tenant, caller.tenant)
    people = await desk.ports.db.read(views.list_people, caller.tenant)
    shown, then = page.cut(people)
    return desk.page([_listed(one, tenant) for one in shown], then)


@router.get("/users/{person}", operation_id="v3_get_user")
async def get_user(
    person: IdPath, desk: DeskDep, caller: Annotated[Caller, Depends(oversees("users"))]
) -> Response:
    tenant = await desk.ports.db.read(find_tenant, caller.tenant)
    found = await _find(desk.ports, caller.tenant, person)
    told: UserShown = {
        **_listed(found, tenant),
        "organizationId": tenant.client_id,
        "language": found.locale,
        "unsubscribed": False,
        "accountCreationDate": iso(found.created_at),
        "accountExpirationDate": None,
        "passwordLastChangedDate": None,
        "passwordExpirationDate": None,
        "lastLoginDate": iso(found.last_sign_in) if found.last_sign_in else None,
        "responseCounts": {"auditable": 0, "deleted": 0, "generated": 0},
        "permissions": {"controlPanel": {}},
    }
    return desk.ok(told)


@router.get("/users/{person}/apitoken", operation_id="v3_get_api_token")
async def get_token(
    person: IdPath, desk: DeskDep, caller: Annotated[Caller, Depends(administers("users"))]
) -> Response:
    """400 when the user has none."""
    found = await _find(desk.ports, caller.tenant, person)
    token = await access_tokens.show_person_token(desk.ports, caller.tenant, found.id, caller.name)
    if token is None:
        raise refuse(400, "This user has no API token. Make one with POST.", "QVAL_2")
    return desk.ok({"apiToken": token})


@router.post("/users/{person}/apitoken", operation_id="v3_make_api_token")
async def post_token(
    person: IdPath, desk: DeskDep, caller: Annotated[Caller, Depends(administers("users"))]
) -> Response:
    """A new one; the one before opens nothing any more."""
    found = await _find(desk.ports, caller.tenant, person)
    token = await access_tokens.make_person_token(desk.ports, caller.tenant, found.id, caller.name)
    return desk.ok({"apiToken": token})


@router.get("/groups", operation_id="v3_list_groups")
async def list_groups(
    desk: DeskDep, page: PageDep, caller: Annotated[Caller, Depends(reads("groups"))]
) -> Response:
    """Roles are all the groups that people have here, and those are user types: there are no others."""
    return desk.page([], None)


@router.get("/organizations/{organization}", operation_id="v3_get_organization")
async def get_organization(
    organization: IdPath, desk: DeskDep, caller: Annotated[Caller, Depends(reads("organizations"))]
) -> Response:
    tenant = await desk.ports.db.read(find_tenant, caller.tenant)
    if organization != tenant.client_id:
        raise refuse(404, f"{organization} not found", "ESSG_2")
    return desk.ok({"id": tenant.client_id, "name": tenant.name, "creationDate": iso(tenant.created_at)})


@router.get("/divisions/{division}", operation_id="v3_get_division")
async def get_division(
    division: IdPath, desk: DeskDep, caller: Annotated[Caller, Depends(reads("divisions"))]
) -> Response:
    """A tenant is one division."""
    tenant = await desk.ports.db.read(find_tenant, caller.tenant)
    if division != _division(tenant):
        raise refuse(404, f"{division} not found", "ESSG_2")
    told = {
        "id": division,
        "organizationId": tenant.client_id,
        "creationDate": iso(tenant.created_at),
        "creatorId": None,
        "name": tenant.name,
        "status": "active",
        "responseCounts": {"auditable": 0, "deleted": 0, "generated": 0},
        "permissions": {},
    }
    return desk.ok(told)


async def _find(ports: Ports, tenant: int, number: str) -> Person:
    """Of the few people who sign in, the one with this id."""
    for one in await ports.db.read(views.list_people, tenant):
        if number in (user_id(one.id), one.id):
            return one
    raise refuse(404, f"{number} not found", "ESSG_2")


def _listed(person: Person, tenant: Tenant) -> UserListed:
    first, last = _names(person.name)
    return {
        "id": user_id(person.id),
        "divisionId": _division(tenant),
        "username": person.email,
        "firstName": first,
        "lastName": last,
        "userType": ACCOUNT_TYPES[person.role],
        "email": person.email,
        "accountStatus": "disabled" if person.disabled else "active",
    }


def _division(tenant: Tenant) -> str:
    return stable_id("DV", tenant.guid)


def _names(name: str) -> tuple[str, str]:
    first, _, last = name.strip().rpartition(" ")
    return first, last
