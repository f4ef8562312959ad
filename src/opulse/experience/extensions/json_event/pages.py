"""Listen for a real event, pick its values, send a test event: the page beside the JSON event's form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.extensions.json_event.flow.accepting import EventRefused, send_test_event
from opulse.experience.workflows import Workflow
from opulse.experience.workflows.flow.capturing import find_capture, start_capture, stop_capture
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.models import Capture, ShareLevel, TriggerDefinition
from opulse.experience.workflows.pages.shared import (
    Editor,
    PortsDep,
    Text,
    find_workflow,
    save_document,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows", include_in_schema=False)
ITEMS_MOST = 50  # of one list or object
DEEPEST = 8
SAMPLE = {
    "eventId": "11111111-2222-3333-4444-555555555555",
    "eventTime": "2026-01-31T09:15:00.00000000Z",
    "eventType": "SensorNotification.Activated",
    "data": {"sensorNames": ["Sensor A", "Sensor B"], "systemsAtActivationURL": "https://"},
}


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the captured event. ``field``: the name of the field that picks it, if any; ``inner``: the places below it."""

    path: str
    label: str
    value: str
    field: str
    inner: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class CapturePage:
    """``waiting``: the next event is kept. ``body``: what a test event says until it is edited."""

    workflow: Workflow
    waiting: bool
    capture: Capture | None
    nodes: tuple[Node, ...]
    body: str
    error: str


@router.get("/{workflow}/capture")
async def show_capture(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """What was captured, as a tree."""
    return await _show(request, ports, caller, await _find(ports, caller, workflow))


@router.post("/{workflow}/capture")
async def save_capture(workflow: str, ports: PortsDep, caller: Editor, do: Text = "start") -> Response:
    """Listen for 15 minutes, or no more (``do`` = stop)."""
    await _find(ports, caller, workflow)
    address = f"/workflows/{workflow}/capture"
    if do == "stop":
        await stop_capture(ports, caller.tenant, workflow, caller.name)
        return see_other(address, "Events start runs again.")
    await start_capture(ports, caller.tenant, workflow, caller.name)
    return see_other(address, "The next event within 15 minutes is kept here, and starts nothing.")


@router.post("/{workflow}/capture/field")
async def save_field(workflow: str, ports: PortsDep, caller: Editor, path: Text = "") -> Response:
    """Make the value at ``path`` a field of the event."""
    found = await _find(ports, caller, workflow)
    trigger = found.document.trigger
    fields = [*trigger.form.get("fields", []), {"name": _fresh_name(path, trigger.form), "path": path}]
    changed = TriggerDefinition(type=trigger.type, form={**trigger.form, "fields": fields})
    try:
        await save_document(ports, caller, found, trigger=changed)
    except WorkflowProblem as problem:
        return see_other(f"/workflows/{workflow}/capture", f"Not added: {problem}", "red")
    return see_other(f"/workflows/{workflow}/capture", f"The field {fields[-1]['name']} is added.")


@router.post("/{workflow}/test-event")
async def save_test_event(
    workflow: str, request: Request, ports: PortsDep, caller: Editor, body: Text = ""
) -> Response:
    """Start the workflow with what was typed, and show the run."""
    found = await _find(ports, caller, workflow)
    try:
        taken = await send_test_event(ports, found, body.encode(), caller.name)
    except EventRefused as refused:
        return await _show(request, ports, caller, found, body, refused.detail)
    if not taken.run:
        return see_other(
            f"/workflows/{workflow}/traces", "The conditions do not hold for this event.", "amber"
        )
    return see_other(f"/workflows/{workflow}/runs/{taken.run}", "The test event started this run.")


async def _find(ports: Ports, caller: Caller, workflow: str) -> Workflow:
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    if found.document.trigger.type != "json_event":
        raise NotFound("JSON event")
    return found


async def _show(
    request: Request, ports: Ports, caller: Caller, workflow: Workflow, body: str = "", error: str = ""
) -> Response:
    kept = await find_capture(ports, caller.tenant, workflow.id)
    waiting = workflow.capture_until is not None and workflow.capture_until > ports.clock.now()
    fields = {
        str(one["path"]).removeprefix("$."): str(one["name"])
        for one in workflow.document.trigger.form.get("fields", [])
    }
    nodes = _nodes(kept.body, fields) if kept and kept.body is not None else ()
    sample = kept.body if kept and kept.body is not None else SAMPLE
    shown = body or json.dumps(sample, indent=2, ensure_ascii=False)
    context = CapturePage(workflow, waiting, kept, nodes, shown, error)
    return await page(request, "json_event/capture.html", context, 422 if error else 200)


def _nodes(value: Any, fields: Mapping[str, str], path: str = "", depth: int = 0) -> tuple[Node, ...]:
    """Every place below ``value``, each with the JSON path that picks it. Of long lists the first items, of deep ones the top."""
    items: list[tuple[str, str, Any]] = []
    if isinstance(value, Mapping):
        items = [(_step(path, name), name, inner) for name, inner in value.items()]
    elif isinstance(value, list):
        items = [(f"{path or '$'}[{number}]", f"[{number}]", inner) for number, inner in enumerate(value)]
    return tuple(
        Node(
            place,
            label,
            _short(inner),
            fields.get(place.removeprefix("$."), ""),
            _nodes(inner, fields, place, depth + 1) if depth < DEEPEST else (),
        )
        for place, label, inner in items[:ITEMS_MOST]
    )


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"list of {len(value)}"
    return "" if isinstance(value, Mapping) else json.dumps(value, ensure_ascii=False)


def _step(path: str, name: str) -> str:
    if name.replace("_", "a").isalnum() and name.isascii() and not name[0].isdigit():
        return f"{path}.{name}" if path else name
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path or '$'}['{quoted}']"


def _fresh_name(path: str, form: Mapping[str, Any]) -> str:
    """A name that no field has yet, after the last step of the path."""
    last = path.rstrip("]'").replace("['", ".").replace("[", ".").rpartition(".")[2] or "field"
    known = {str(one["name"]) for one in form.get("fields", [])}
    name, number = last, 2
    while name in known:
        name, number = f"{last} {number}", number + 1
    return name
