"""``/api/v1/notifications``, and the assignment of notifications from the Recipients tab."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, field_serializer

from opulse.monitoring.notifications.flow import previewing, reading, saving
from opulse.monitoring.notifications.models import (
    ActivationOption,
    Notification,
    NotificationDraft,
    NotificationRefused,
    NotificationWarning,
    Preview,
    SchedulePreset,
    SensorChoice,
    ThresholdVerdict,
)
from opulse.monitoring.notifications.rules import describe_threshold, write_value
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(tags=["notifications"])


PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class SensorBody(BaseModel):
    """``instance`` null means All Instances."""

    name: str
    instance: str | None = None


class ActivationBody(BaseModel):
    """One of the three options. ``value`` is a number of systems, or a percentage with up to two decimals; none for *any*."""

    option: ActivationOption
    value: Decimal | None = None
    minimum: int | None = Field(None, description="Systems that a percentage needs at least; 5 if absent.")
    hold_seconds: int = Field(0, description="How long the condition must hold first.")

    @field_serializer("value")
    def _as_number(self, value: Decimal | None) -> float | int | None:
        if value is None:
            return None
        return int(value) if value == value.to_integral_value() else float(value)


class ScheduleBody(BaseModel):
    """When it may activate: a preset, in an IANA time zone."""

    preset: SchedulePreset = SchedulePreset.ALWAYS
    zone: str = "UTC"


class NotificationBody(BaseModel):
    """The fields of *Create Notification*."""

    name: str
    description: str = ""
    sensors: list[SensorBody]
    group_id: str
    activation: ActivationBody
    needed_sensors: int | None = Field(
        None, description="Sensors that must be triggered together on a system; all of them if absent."
    )
    cool_down_seconds: int = Field(
        0, description="After an activation ended, none begins for so long; after an edit at once."
    )
    schedule: ScheduleBody = ScheduleBody()
    recipients: list[str] = []
    enabled: bool = True

    def draft(self) -> NotificationDraft:
        chosen = self.activation
        return NotificationDraft(
            name=self.name,
            description=self.description,
            sensors=tuple(SensorChoice(sensor.name, sensor.instance) for sensor in self.sensors),
            group_id=self.group_id,
            option=chosen.option.value,
            value="" if chosen.value is None else format(chosen.value, "f"),
            recipients=tuple(dict.fromkeys(self.recipients)),
            enabled=self.enabled,
            minimum_systems=chosen.minimum,
            hold_seconds=chosen.hold_seconds,
            needed_sensors=self.needed_sensors,
            cool_down_seconds=self.cool_down_seconds,
            schedule=self.schedule.preset.value,
            zone=self.schedule.zone,
        )


class NotificationView(NotificationBody):
    """A saved notification. ``group_id`` is empty when the group was deleted: then it never activates."""

    notification_id: str
    group_name: str
    threshold_text: str
    revision: int
    created_by: str
    created_at: AwareDatetime
    modified_by: str
    modified_at: AwareDatetime
    warnings: list[NotificationWarning] = []


class NotificationList(BaseModel):
    notifications: list[NotificationView]


class PreviewView(BaseModel):
    """What it would count right now: ``count`` of ``of`` reporting systems (``members`` are in the group)."""

    count: int
    of: int
    members: int
    would_activate: bool
    reason: ThresholdVerdict
    in_hours: bool = Field(description="False: its schedule keeps it from activating now.")


class AssignedBody(BaseModel):
    """Ids of the notifications that tell the recipient, all of them."""

    notifications: list[str]


class AssignedView(BaseModel):
    """``without_recipients``: names of notifications that now tell nobody."""

    without_recipients: list[str]


@router.post("/api/v1/notifications", operation_id="create_notification", status_code=201)
async def post_notification(given: NotificationBody, ports: PortsDep, caller: Editor) -> NotificationView:
    try:
        saved = await saving.create_notification(ports, caller.tenant, caller.name, given.draft())
    except NotificationRefused as refused:
        raise _invalid(refused) from refused
    return view_of(saved.notification, saved.warnings)


@router.get("/api/v1/notifications", operation_id="list_notifications")
async def list_notifications(ports: PortsDep, caller: Viewer) -> NotificationList:
    found = await ports.db.read(reading.list_notifications, caller.tenant)
    return NotificationList(notifications=[view_of(notification) for notification in found])


@router.get("/api/v1/notifications/{notification_id}", operation_id="get_notification")
async def get_notification(notification_id: str, ports: PortsDep, caller: Viewer) -> NotificationView:
    return view_of(await _found(ports, caller.tenant, notification_id))


@router.put("/api/v1/notifications/{notification_id}", operation_id="change_notification")
async def put_notification(
    notification_id: str, given: NotificationBody, ports: PortsDep, caller: Editor
) -> NotificationView:
    """Save it as on the Edit page: whatever changed, its open activation is dismissed."""
    try:
        saved = await saving.change_notification(
            ports, caller.tenant, caller.name, notification_id, given.draft()
        )
    except NotificationRefused as refused:
        raise _invalid(refused) from refused
    if saved is None:
        raise NotFound("notification")
    return view_of(saved.notification, saved.warnings)


@router.delete("/api/v1/notifications/{notification_id}", operation_id="delete_notification", status_code=204)
async def delete_notification(notification_id: str, ports: PortsDep, caller: Editor) -> None:
    if not await saving.delete_notification(ports, caller.tenant, caller.name, notification_id):
        raise NotFound("notification")


@router.get("/api/v1/notifications/{notification_id}/preview", operation_id="preview_notification")
async def get_preview(
    notification_id: str, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> PreviewView:
    notification = await _found(ports, caller.tenant, notification_id)
    preview = await previewing.preview_notification(ports, evaluator, caller.tenant, notification)
    return preview_view(preview)


@router.post("/api/v1/notifications/preview", operation_id="preview_notification_draft")
async def post_preview(
    given: NotificationBody, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> PreviewView:
    """The same for a notification that is not saved yet."""
    try:
        return preview_view(await previewing.preview_draft(ports, evaluator, caller.tenant, given.draft()))
    except NotificationRefused as refused:
        raise _invalid(refused) from refused


@router.put("/api/v1/recipients/{recipient_id}/notifications", operation_id="assign_notifications")
async def put_assigned(
    recipient_id: str, given: AssignedBody, ports: PortsDep, caller: Editor
) -> AssignedView:
    """From the Recipients tab: exactly these notifications tell the recipient. Dismisses nothing."""
    alone = await saving.assign_notifications(
        ports, caller.tenant, caller.name, recipient_id, tuple(given.notifications)
    )
    if alone is None:
        raise NotFound("recipient")
    return AssignedView(without_recipients=list(alone))


async def _found(ports: Ports, tenant: int, notification_id: str) -> Notification:
    found = await ports.db.read(reading.find_notification, tenant, notification_id)
    if found is None:
        raise NotFound("notification")
    return found


def _invalid(refused: NotificationRefused) -> Problem:
    problems = [
        {"where": problem.field, "reason": problem.fault.value, "what": problem.text}
        for problem in refused.problems
    ]
    return Problem(422, "the notification cannot be saved", str(refused), errors=problems)


def preview_view(preview: Preview) -> PreviewView:
    return PreviewView(
        count=preview.count,
        of=preview.of,
        members=preview.members,
        would_activate=preview.would_activate,
        reason=preview.verdict,
        in_hours=preview.in_hours,
    )


def view_of(notification: Notification, warnings: tuple[NotificationWarning, ...] = ()) -> NotificationView:
    threshold = notification.threshold
    return NotificationView(
        notification_id=notification.id,
        name=notification.name,
        description=notification.description,
        sensors=[SensorBody(name=sensor.name, instance=sensor.instance) for sensor in notification.sensors],
        group_id=notification.group_id,
        group_name=notification.group_name,
        activation=ActivationBody(
            option=threshold.option,
            value=Decimal(write_value(threshold.value)),
            minimum=notification.minimum_systems,
            hold_seconds=notification.hold_seconds,
        ),
        needed_sensors=notification.needed_sensors,
        cool_down_seconds=notification.cool_down_seconds,
        schedule=ScheduleBody(preset=notification.schedule.preset, zone=notification.schedule.zone),
        threshold_text=describe_threshold(threshold),
        recipients=list(notification.recipients),
        enabled=notification.enabled,
        revision=notification.revision,
        created_by=notification.created_by,
        created_at=notification.created_at,
        modified_by=notification.modified_by,
        modified_at=notification.modified_at,
        warnings=list(warnings),
    )
