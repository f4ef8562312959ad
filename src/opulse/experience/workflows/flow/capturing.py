"""Listen for one real JSON event, to pick its values instead of typing paths (qualtrics-product.md 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.models import Capture
from opulse.experience.workflows.store import captures as store
from opulse.experience.workflows.store import definitions
from opulse.ports import Ports
from opulse.tenancy import audit_in

WINDOW = timedelta(minutes=15)


async def start_capture(ports: Ports, tenant: int, workflow: str, actor: str) -> datetime:
    """The next event within 15 minutes is kept, and starts nothing. Returns when the window ends.

    Raises:
        LookupError: no such workflow, or its event is no JSON event.
    """
    now = ports.clock.now()
    until = now + WINDOW

    def unit(conn: Connection) -> None:
        found = definitions.find_workflow(conn, tenant, workflow)
        if found is None or found.document.trigger.type != "json_event":
            raise LookupError(workflow)
        store.open_capture(conn, tenant, workflow, until)
        audit_in(
            conn,
            tenant,
            actor,
            "workflow.capture_started",
            found.document.name,
            {"until": found.capture_until},
            {"until": until},
            now,
        )

    await ports.db.write(unit)
    return until


async def stop_capture(ports: Ports, tenant: int, workflow: str, actor: str) -> None:
    """Events start runs again. What was captured stays."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        store.close_capture(conn, tenant, workflow)
        audit_in(
            conn,
            tenant,
            actor,
            "workflow.capture_stopped",
            workflow,
            {"capturing": True},
            {"capturing": False},
            now,
        )

    await ports.db.write(unit)


async def keep_event(ports: Ports, tenant: int, workflow: str, body: Mapping[str, Any]) -> bool:
    """Whether this event was kept; False: it goes the way of all events."""
    return await ports.db.write(store.keep_event, tenant, workflow, body, ports.clock.now())


async def find_capture(ports: Ports, tenant: int, workflow: str) -> Capture | None:
    """What was captured, or how long is listened; None where nobody ever listened."""
    return await ports.db.read(store.find_capture, tenant, workflow)
