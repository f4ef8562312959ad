"""Who may call a route. Every route names exactly one of these guards; a test walks all routes and refuses one without.

``web`` declares what it needs of sign-in (:class:`Gate`); ``bootstrap`` puts the real one on ``app.state.gate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fastapi import Request

from opulse.ports import Ports


class Role(StrEnum):
    """What a person or a key may do. Roles of people contain each other; a machine's role is a thing of its own."""

    ADMIN = "admin"  # everything, people and secrets included
    EDITOR = "editor"  # makes and changes notifications, surveys, workflows; runs and stops pulses
    VIEWER = "viewer"  # sees pages and results, changes nothing
    INTEGRATION = "integration"  # a machine's key: the JSON API, no pages
    GATEWAY = "gateway"  # a collector's key: sensor states of named groups
    AGENT = "agent"  # an endpoint's key: its own sensor states and configuration
    SYSTEMS = "systems"  # a service account's token: the affected-systems API only


_CONTAINS = {
    Role.ADMIN: {Role.ADMIN, Role.EDITOR, Role.VIEWER},
    Role.EDITOR: {Role.EDITOR, Role.VIEWER},
    Role.VIEWER: {Role.VIEWER},
    Role.INTEGRATION: {Role.INTEGRATION},
    Role.GATEWAY: {Role.GATEWAY},
    Role.AGENT: {Role.AGENT},
    Role.SYSTEMS: {Role.SYSTEMS},
}


@dataclass(frozen=True)
class Caller:
    """Who is calling, as the gate found out."""

    tenant: int
    role: Role
    name: str  # shown in the audit trail
    user_id: str = ""  # a person; empty for a key
    key_id: str = ""  # a key or token; empty for a person
    session_id: str = ""
    scope: tuple[str, ...] = ()  # an agent key's own system, a gateway key's groups (GUIDs)
    locale: str = "en"

    def may(self, *roles: Role) -> bool:
        return any(role in _CONTAINS[self.role] for role in roles)


class NotSignedIn(Exception):
    """401: no credential, or one that is not valid any more."""


class NotAllowed(Exception):
    """403: the credential is valid and does not reach this far."""


class Gate(Protocol):
    """What the edge needs of sign-in."""

    async def find_caller(self, request: Request) -> Caller | None:
        """Who calls, by session cookie, bearer token or key header; None when nobody valid."""
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


needs_admin = Needs(Role.ADMIN)
needs_editor = Needs(Role.EDITOR)
needs_viewer = Needs(Role.VIEWER)
api_admin = Needs(Role.ADMIN, Role.INTEGRATION)
api_editor = Needs(Role.EDITOR, Role.INTEGRATION)
api_viewer = Needs(Role.VIEWER, Role.INTEGRATION)
agent_only = Needs(Role.AGENT)
ingest = Needs(Role.AGENT, Role.GATEWAY, Role.INTEGRATION)
systems_reader = Needs(Role.SYSTEMS, Role.INTEGRATION)


def ports_of(request: Request) -> Ports:
    """The bundle that ``bootstrap`` made; a dependency of routes."""
    ports: Ports = request.app.state.ports
    return ports
