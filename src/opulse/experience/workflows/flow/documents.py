"""The document that a run follows: its revision's, which never changes, so it is read once."""

from __future__ import annotations

from opulse.experience.workflows.models import Run, WorkflowDocument
from opulse.experience.workflows.store import definitions
from opulse.ports import Ports

KNOWN_MOST = 500
_known: dict[tuple[int, str, int], WorkflowDocument] = {}


async def document_of(ports: Ports, of: Run) -> WorkflowDocument | None:
    """The revision that the run was started with; None when there is none."""
    key = (of.tenant, of.workflow, of.revision)
    document = _known.get(key)
    if document is None:
        document = await ports.db.look_up(definitions.find_revision, *key)
        if document is not None:
            remember(key, document)
    return document


def remember(key: tuple[int, str, int], document: WorkflowDocument) -> None:
    """``document`` is that of (tenant, workflow, revision). Ids of workflows are random, so no two databases share one."""
    if len(_known) >= KNOWN_MOST:
        _known.clear()
    _known[key] = document
