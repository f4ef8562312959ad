"""The document that a run follows, and an event finds: its revision's, which never changes, so it is read once."""

from __future__ import annotations

from opulse.experience.workflows.models import Run, Workflow, WorkflowDocument
from opulse.experience.workflows.store import definitions
from opulse.ports import Ports

KNOWN_MOST = 500
_known: dict[tuple[int, str, int], WorkflowDocument] = {}


async def document_of(ports: Ports, run: Run) -> WorkflowDocument | None:
    """The revision that the run was started with; None when there is none."""
    return await _find(ports, run.tenant, run.workflow, run.revision)


async def find_by_address(ports: Ports, url_token: str) -> Workflow | None:
    """The workflow whose JSON events are posted to this address, as it stands."""
    found = await ports.db.look_up(definitions.find_by_url_token, url_token)
    if found is None:
        return None
    document = await _find(ports, found.tenant, found.workflow, found.revision)
    if document is None:
        return None
    return Workflow(
        found.tenant,
        found.workflow,
        found.revision,
        found.enabled,
        url_token,
        document,
        found.created_at,
        found.updated_at,
        found.capture_until,
    )


async def _find(ports: Ports, tenant: int, workflow: str, revision: int) -> WorkflowDocument | None:
    """Ids of workflows are random, so no two databases of a process share one."""
    key = (tenant, workflow, revision)
    document = _known.get(key)
    if document is None:
        document = await ports.db.look_up(definitions.find_revision, *key)
        if document is not None:
            if len(_known) >= KNOWN_MOST:
                _known.clear()
            _known[key] = document
    return document
