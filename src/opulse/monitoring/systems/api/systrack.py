"""SysTrack's own paths for groups and systems, for programs that were written for it (systrack.md 5.3).

Only that the calls exist is documented publicly; the answers are ours, in the documented words where there are some.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from opulse.monitoring.systems.flow import groups, systems, usage
from opulse.monitoring.systems.models import System, SystemUser
from opulse.ports import Ports
from opulse.web.access import Caller, ports_of, systems_reader
from opulse.web.errors import NotFound, Problem
from opulse.wire.timestamps import activation_time

router = APIRouter(prefix="/api", tags=["SysTrack"])

PortsDep = Annotated[Ports, Depends(ports_of)]
CallerDep = Annotated[Caller, Depends(systems_reader)]

_FQDN_FILTER = re.compile(r"\s*\(?\s*fqdn\s+eq\s+'(?P<fqdn>(?:[^']|'')*)'\s*\)?\s*", re.IGNORECASE)


@router.get("/groups", operation_id="systrack_list_groups")
async def list_groups(ports: PortsDep, caller: CallerDep) -> dict[str, Any]:
    """All groups with their sizes."""
    found = await groups.list_groups(ports, caller.tenant)
    return {
        "totalCount": len(found),
        "groups": [
            {
                "groupId": group.guid,
                "name": group.name,
                "kind": group.kind.value,
                "systemCount": group.size,
            }
            for group in found
        ],
    }


@router.get("/systems", operation_id="systrack_list_systems")
async def list_systems(
    ports: PortsDep,
    caller: CallerDep,
    odata_filter: Annotated[str | None, Query(alias="$filter", max_length=400)] = None,
    top: Annotated[int, Query(alias="$top", ge=1, le=1000)] = 1000,
    after: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Systems, 1,000 at a time; of OData filters ``(fqdn eq 'host.domain')`` is understood."""
    if odata_filter is not None:
        found = await systems.list_by_fqdn(ports, caller.tenant, _read_filter(odata_filter), top)
        return {"totalCount": len(found), "systems": [_system(one) for one in found], "nextLink": None}
    page = await systems.list_systems(ports, caller.tenant, "", after, top)
    link = f"{ports.monitoring_url}/api/systems?$top={top}&after={page.next}" if page.next else None
    shown = [_system(one) for one in page.systems]
    return {"totalCount": page.total, "systems": shown, "nextLink": link}


@router.get("/systems/{system_id}/users", operation_id="systrack_list_users")
async def list_users(system_id: str, ports: PortsDep, caller: CallerDep) -> dict[str, Any]:
    """Who uses a system now."""
    users = await systems.list_users(ports, caller.tenant, system_id)
    if users is None:
        raise NotFound("system")
    return {"systemId": system_id.lower(), "users": [_user(user) for user in users]}


@router.get("/systems/users", operation_id="systrack_list_systems_of_user")
async def list_systems_of_user(
    ports: PortsDep, caller: CallerDep, user: Annotated[str, Query(min_length=1, max_length=300)]
) -> dict[str, Any]:
    """Which systems a user uses now (systrack.md 2.2: the API maps a user to systems)."""
    used = await usage.list_used(ports, caller.tenant, user)
    return {
        "userId": user,
        "systems": [{**_system(one.system), "isPrimary": one.user.is_primary} for one in used],
    }


def _read_filter(text: str) -> str:
    match = _FQDN_FILTER.fullmatch(text)
    if match is None:
        raise Problem(400, "unknown filter", "Only (fqdn eq 'host.domain') is understood.")
    return match["fqdn"].replace("''", "'")


def _system(system: System) -> dict[str, Any]:
    return {
        "systemId": system.guid,
        "systemName": system.name,
        "fqdn": system.fqdn,
        "domain": system.domain,
        "operatingSystem": system.operating_system,
        "agentVersion": system.agent_version,
    }


def _user(user: SystemUser) -> dict[str, Any]:
    return {
        "userId": user.user_id,
        "email": user.email or None,
        "firstName": user.first_name or None,
        "lastName": user.last_name or None,
        "isPrimary": user.is_primary,
        "isLoggedOn": user.is_logged_on,
        "lastLogon": None if user.last_logon is None else activation_time(user.last_logon),
    }
