"""The event's form: how often, when, in which zone, and whom it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS, views
from opulse.experience.extensions.schedule import store
from opulse.experience.extensions.schedule.models import Preset
from opulse.experience.extensions.schedule.rules import read_timetable
from opulse.experience.workflows import Extension, FieldKind, FormField
from opulse.experience.workflows.models import ConditionGroup
from opulse.ports import Ports

_PRESETS = (
    (Preset.HOURLY.value, "Every hour"),
    (Preset.DAILY.value, "Every day"),
    (Preset.WEEKDAYS.value, "Monday to Friday"),
    (Preset.WEEKLY.value, "Every week"),
    (Preset.MONTHLY.value, "Every month"),
)


class Schedule:
    """``form``: ``preset``, ``time`` (HH:MM), ``day`` (of week or month), ``zone`` (IANA), ``list``, ``embedded_fields``."""

    type = "schedule"
    title = "Schedule"
    form: Sequence[FormField] = (
        FormField("preset", "How often", FieldKind.CHOICE, choices=_PRESETS, default=Preset.DAILY.value),
        FormField(
            "time", "Time", default="09:00", help="Hours and minutes. Every hour: only the minutes count."
        ),
        FormField(
            "day",
            "Day",
            required=False,
            help="Every week: a day such as Monday. Every month: 1 to 31, or its last day.",
        ),
        FormField("zone", "Time zone", default="UTC", help="A name such as Europe/Berlin."),
        FormField(
            "list",
            "About the members of",
            FieldKind.LIST,
            required=False,
            help="Empty: the event is about no contacts.",
        ),
        FormField("embedded_fields", "Embedded data fields for conditions", FieldKind.NAMES, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        try:
            read_timetable(form)
        except ValueError as error:
            problems.append(str(error))
        if form.get("list") and views.find_list(conn, tenant, str(form["list"])) is None:
            problems.append("About the members of names no mailing list")
        return problems

    def seal(self, ports: Ports, form: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        return dict(form)

    def show(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return dict(form)

    def saved_in(
        self,
        conn: Connection,
        tenant: int,
        workflow: str,
        form: Mapping[str, Any],
        conditions: ConditionGroup,
        enabled: bool,
    ) -> None:
        """Its next time is worked out at the next look at the clock; a workflow that is off has none."""
        if enabled:
            store.reset_schedule(conn, tenant, workflow)
        else:
            store.delete_schedule(conn, tenant, workflow)

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        people = [*MAIN_FIELDS, *(form.get("embedded_fields") or [])] if form.get("list") else []
        return [*people, "scheduledAt"]


EXTENSION = Extension(
    name="schedule",
    title="Schedule",
    help="Start a workflow at times of a calendar, for a mailing list or for nobody.",
    trigger=Schedule(),
    built_in=True,
)
