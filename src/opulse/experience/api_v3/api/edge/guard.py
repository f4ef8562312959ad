"""Who may call a route of the API v3: a user's API token, a key, or an OAuth token with the scope; and not too often."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from opulse.experience.api_v3.api.edge.desk import buckets_of
from opulse.ports import Ports
from opulse.tenancy.flow.access_tokens import find_access
from opulse.web.access import Caller, Needs, NotAllowed, NotSignedIn, Role
from opulse.web.errors import Problem

ALL = "manage:all"


class V3Needs(Needs):
    """A guard. ``scope`` is what an OAuth token must have been given; ``per_minute`` a limit below the brand's."""

    def __init__(self, *roles: Role, scope: tuple[str, ...], per_minute: int | None = None) -> None:
        super().__init__(*roles)
        self.scope = scope
        self.per_minute = per_minute

    async def __call__(self, request: Request) -> Caller:
        caller = await self._find(request)
        ports: Ports = request.app.state.ports
        route: Any = request.scope.get("route")
        endpoint = f"{request.method} {getattr(route, 'path', '')}"
        now = ports.clock.now()
        wait = buckets_of(request).wait_for(caller.tenant, endpoint, self.per_minute, now)
        if wait:
            message = f"Too many requests. Send it again in {wait} seconds."
            raise Problem(429, message, code="RL_1", retry_after=wait)
        return caller

    async def _find(self, request: Request) -> Caller:
        ports: Ports = request.app.state.ports
        access = await find_access(ports, request.headers.get("authorization", ""))
        if access is None:
            return await super().__call__(request)
        caller, scopes = access
        if not caller.may(*self.roles):
            raise NotAllowed(f"this needs the role {' or '.join(self.roles)}")
        if scopes.isdisjoint((*self.scope, ALL)):
            raise NotAllowed(f"this needs the scope {self.scope[0]}")
        request.state.caller = caller
        return caller


def reads(thing: str, per_minute: int | None = None) -> V3Needs:
    """``read:thing`` or ``manage:thing``; the role of a viewer."""
    scope = (f"read:{thing}", f"manage:{thing}")
    return V3Needs(Role.VIEWER, Role.INTEGRATION, scope=scope, per_minute=per_minute)


def manages(thing: str, per_minute: int | None = None) -> V3Needs:
    """``manage:thing``; the role of an editor."""
    return V3Needs(Role.EDITOR, Role.INTEGRATION, scope=(f"manage:{thing}",), per_minute=per_minute)


def oversees(thing: str, per_minute: int | None = None) -> V3Needs:
    """``read:thing`` or ``manage:thing``; the role of an administrator, or a key of the tenant."""
    scope = (f"read:{thing}", f"manage:{thing}")
    return V3Needs(Role.ADMIN, Role.INTEGRATION, scope=scope, per_minute=per_minute)


def administers(thing: str, per_minute: int | None = None) -> V3Needs:
    """``manage:thing``; the role of an administrator, or a key of the tenant."""
    return V3Needs(Role.ADMIN, Role.INTEGRATION, scope=(f"manage:{thing}",), per_minute=per_minute)


__all__ = ["NotSignedIn", "V3Needs", "administers", "manages", "oversees", "reads"]
