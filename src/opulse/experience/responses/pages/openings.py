"""What a GET leaves behind: nothing in the database, and for a minute in memory which link of the mail was opened by whom."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from opulse.experience.responses.flow.sightings import sightings_of
from opulse.experience.surveys.rules import HIDDEN
from opulse.ports import Ports


def note_opening(ports: Ports, invitation: str, scope: Scope, query: Mapping[str, str]) -> None:
    """Remember a link that only the mail carries: a choice, or the one that no person sees."""
    if not query:
        return
    choice = f"{query['q']} {query.get('c', '')}" if "q" in query else ""
    sightings_of(ports.db).note(invitation, client_of(scope), choice, HIDDEN in query, ports.clock.now())


def client_of(scope: Scope) -> str:
    """The address that the request came from; empty when the server does not say."""
    client = scope.get("client")
    return client[0] if client else ""
