"""Notifications as a part of the tenant's configuration, with whom they tell. Names stand for sensors, groups and recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, model_validator
from sqlalchemy import Connection

from opulse.monitoring.notifications.flow import saving
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.notifications.models import (
    MINIMUM_OF_PERCENT,
    ActivationOption,
    Notification,
    NotificationDraft,
    NotificationRefused,
    SchedulePreset,
    SensorChoice,
)
from opulse.monitoring.recipients.configuring import list_keyed_in as list_recipients_in
from opulse.monitoring.systems.configuring import map_names_in as map_groups_in
from opulse.tenancy.sections import Change, Entry, Section, Work, in_order, keyed

NAME = "notifications"


def _plain_number(value: object) -> str:
    """A number as it is compared: 12.50, "12.5" and 12.5 are one."""
    text = str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format(number.normalize(), "f") if number.is_finite() else text


class ChosenSensor(Entry):
    """Without ``instance``: All Instances."""

    name: str
    instance: str | None = None


class ActivationEntry(Entry):
    """One of the three options. ``minimum``: systems that a percentage needs at least."""

    option: ActivationOption
    value: Annotated[str, BeforeValidator(_plain_number)] = "1"
    minimum: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """What is left out, as saving would fill it in: else the same document would differ each time."""
        if not isinstance(given, dict):
            return given
        if given.get("option") == ActivationOption.PERCENTAGE:
            return {"minimum": MINIMUM_OF_PERCENT, **given}
        of_one = {"value": "1"} if given.get("option") == ActivationOption.ANY else {}
        return {**given, **of_one, "minimum": None}


class NotificationEntry(Entry):
    """``needed_sensors``: so many of the sensors must be triggered together on a system; left out: all."""

    description: str = ""
    sensors: tuple[ChosenSensor, ...]
    needed_sensors: int | None = None
    group: str
    activation: ActivationEntry
    hold_seconds: int = 0
    cool_down_seconds: int = 0
    schedule: SchedulePreset = SchedulePreset.ALWAYS
    zone: str = "UTC"
    recipients: Annotated[tuple[str, ...], AfterValidator(in_order)] = ()
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _all_is_all(cls, given: Any) -> Any:
        """Of three sensors three are all."""
        if isinstance(given, dict) and isinstance(given.get("sensors"), list | tuple):
            all_of_them = given.get("needed_sensors") == len(given["sensors"])
            return {**given, "needed_sensors": None} if all_of_them else given
        return given


class _Known(NamedTuple):
    notifications: Mapping[str, Notification]
    groups: Mapping[str, str]
    recipients: Mapping[str, str]


def list_keyed_in(conn: Connection, tenant: int) -> dict[str, Notification]:
    """The notifications by the names that a document calls them: what later stages refer to."""
    return keyed((found.name, found) for found in list_notifications(conn, tenant))


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, NotificationEntry]:
    names = {found.id: key for key, found in list_recipients_in(conn, tenant).items()}
    return {key: _entry(found, names) for key, found in list_keyed_in(conn, tenant).items()}


def _entry(found: Notification, names: Mapping[str, str]) -> NotificationEntry:
    threshold = found.threshold
    return NotificationEntry(
        description=found.description,
        sensors=tuple(ChosenSensor(name=one.name, instance=one.instance) for one in found.sensors),
        needed_sensors=found.needed_sensors,
        group=found.group_name,
        activation=ActivationEntry(
            option=threshold.option,
            value=str(threshold.value),
            minimum=found.minimum_systems,
        ),
        hold_seconds=found.hold_seconds,
        cool_down_seconds=found.cool_down_seconds,
        schedule=found.schedule.preset,
        zone=found.schedule.zone,
        recipients=tuple(names[recipient] for recipient in found.recipients),
        enabled=found.enabled,
    )


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = _Known(
        list_keyed_in(work.conn, work.tenant),
        map_groups_in(work.conn, work.tenant),
        {key: found.id for key, found in list_recipients_in(work.conn, work.tenant).items()},
    )
    for change in changes:
        try:
            _save_one(work, change, known)
        except NotificationRefused as refused:
            for problem in refused.problems:
                where = "group" if problem.field == "group_id" else problem.field
                work.refuse(NAME, change.key, problem.text, *where.split("."))


def _save_one(work: Work, change: Change, known: _Known) -> None:
    entry: NotificationEntry = change.after
    unknown = [name for name in entry.recipients if name not in known.recipients]
    for name in unknown:
        work.refuse(NAME, change.key, f"There is no recipient {name!r}.", "recipients")
    if entry.group not in known.groups:
        work.refuse(NAME, change.key, f"There is no group {entry.group!r}.", "group")
        return
    if unknown:
        return
    recipients = [known.recipients[name] for name in entry.recipients]
    found = known.notifications.get(change.key)
    if found is None:
        draft = _draft(change.key, entry, known.groups[entry.group], recipients)
        saving.create_notification_in(work.conn, work.tenant, work.actor, draft, work.now)
    elif change.before == entry.model_copy(update={"recipients": change.before.recipients}):
        saving.set_recipients_in(work.conn, work.tenant, work.actor, found.id, recipients, work.now)
    else:
        draft = _draft(found.name, entry, known.groups[entry.group], recipients)
        saving.change_notification_in(work.conn, work.tenant, work.actor, found.id, draft, work.now)


def _draft(name: str, entry: NotificationEntry, group: str, recipients: Sequence[str]) -> NotificationDraft:
    return NotificationDraft(
        name=name,
        description=entry.description,
        sensors=tuple(SensorChoice(one.name, one.instance) for one in entry.sensors),
        group_id=group,
        option=entry.activation.option.value,
        value=str(entry.activation.value),
        recipients=tuple(recipients),
        enabled=entry.enabled,
        minimum_systems=entry.activation.minimum,
        hold_seconds=entry.hold_seconds,
        needed_sensors=entry.needed_sensors,
        cool_down_seconds=entry.cool_down_seconds,
        schedule=entry.schedule.value,
        zone=entry.zone,
    )


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = list_keyed_in(work.conn, work.tenant)
    for key in keys:
        saving.delete_notification_in(work.conn, work.tenant, work.actor, known[key].id, work.now)


SECTIONS = (Section(NAME, NotificationEntry, _read_in, _save_in, _remove_in),)
