"""Roles, and who is calling: plain data that rules and models may know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
        return not _CONTAINS[self.role].isdisjoint(roles)
