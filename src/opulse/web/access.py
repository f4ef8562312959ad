"""Who may call a route. Every route names exactly one of these guards; a test walks all routes and refuses one without.

``web`` declares what it needs of sign-in (:class:`Gate`); ``bootstrap`` puts the real one on ``app.state.gate``.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import Request

from opulse.ports import Ports
from opulse.web.roles import Caller, Role


class NotSignedIn(Exception):
    """401: no credential, or one that is not valid any more."""


class NotAllowed(Exception):
    """403: the credential is valid and does not reach this far."""


class Gate(Protocol):
    """What the edge needs of sign-in."""

    async def find_caller(self, request: Request) -> Caller | None:
        """Who calls, by session cookie, bearer token or key header; None when nobody valid."""
        ...

    async def find_by_secret(self, secret: str) -> Caller | None:
        """Whose key or token this is; for routes that take it in a form of their own (Basic)."""
        ...


class Needs:
    """A guard: the caller must hold one of ``roles``. Used as ``caller: Annotated[Caller, Depends(needs_viewer)]``."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, request: Request) -> Caller:
        gate: Gate = request.app.state.gate
        caller = await gate.find_caller(request)
        if caller is None:
            raise NotSignedIn
        if not caller.may(*self.roles):
            raise NotAllowed(f"this needs the role {' or '.join(self.roles)}")
        request.state.caller = caller
        return caller


class Open:
    """A guard that lets everybody in, and says why that is right."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def __call__(self, request: Request) -> None:
        return None


__all__ = [
    "Caller",
    "Gate",
    "Needs",
    "NotAllowed",
    "NotSignedIn",
    "Open",
    "Role",
    "agent_only",
    "api_admin",
    "api_editor",
    "api_viewer",
    "ingest",
    "needs_admin",
    "needs_editor",
    "needs_viewer",
    "ports_of",
    "systems_reader",
]

needs_admin = Needs(Role.ADMIN)
needs_editor = Needs(Role.EDITOR)
needs_viewer = Needs(Role.VIEWER)
api_admin = Needs(Role.ADMIN, Role.INTEGRATION)
api_editor = Needs(Role.EDITOR, Role.INTEGRATION)
api_viewer = Needs(Role.VIEWER, Role.INTEGRATION)
agent_only = Needs(Role.AGENT)
ingest = Needs(Role.AGENT, Role.GATEWAY, Role.INTEGRATION)
systems_reader = Needs(Role.SYSTEMS, Role.INTEGRATION)


async def ports_of(request: Request) -> Ports:
    """The bundle that ``bootstrap`` made; a dependency of routes. A plain function would be run on another thread."""
    ports: Ports = request.app.state.ports
    return ports
