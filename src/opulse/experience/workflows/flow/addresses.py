"""Where a workflow is reached from outside."""

from __future__ import annotations

from opulse.experience.workflows.models import Workflow
from opulse.ports import Ports

TRIGGER_PATH = "/inbound-event/v1/events/json/triggers"
JSON_EVENT = "json_event"


def trigger_url(ports: Ports, workflow: Workflow) -> str:
    """The address that a JSON event is posted to; empty for workflows with another event."""
    if workflow.document.trigger.type != JSON_EVENT:
        return ""
    return f"{ports.public_url}{TRIGGER_PATH}?urlTokenId={workflow.url_token}"
