"""The contact-change event's form: which directory, which kinds of change, which embedded data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS, ChangeKind, set_watched_in, stop_watching_in, views
from opulse.experience.workflows.models import ConditionGroup
from opulse.experience.workflows.registry import Extension, FieldKind, FormField
from opulse.ports import Ports


class ExperienceIdChange:
    """``form``: ``directory`` (POOL_…), ``kinds`` (created, updated, deleted), ``embedded_fields`` (names)."""

    type = "experience_id_change"
    title = "Experience ID Change"
    has_previous = True  # its conditions see what was there before the change
    form: Sequence[FormField] = (
        FormField("directory", "Select an XM Directory", FieldKind.DIRECTORY),
        FormField(
            "kinds",
            "Contact data change",
            FieldKind.MANY,
            choices=tuple((k.value, f"Contact data has been {k.value}") for k in ChangeKind),
        ),
        FormField(
            "embedded_fields",
            "Add embedded data fields for your workflow conditions setup",
            FieldKind.NAMES,
            required=False,
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        if views.find_directory(conn, tenant, str(form.get("directory", ""))) is None:
            problems.append("choose a directory")
        kinds = form.get("kinds") or []
        if not kinds or not set(kinds) <= set(ChangeKind):
            problems.append("tick at least one of created, updated, deleted")
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
        """Tell the directory which fields to carry in its change sets; a workflow that is off listens to nothing."""
        if not enabled:
            stop_watching_in(conn, tenant, workflow)
            return
        fields = conditions.fields() | set(form.get("embedded_fields") or [])
        set_watched_in(conn, tenant, str(form["directory"]), workflow, fields)

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        return [*MAIN_FIELDS, *(form.get("embedded_fields") or [])]


EXTENSION = Extension(
    name="experience_id_change",
    title="Experience ID Change",
    help="Start a workflow when contact data is created, updated or deleted.",
    trigger=ExperienceIdChange(),
    built_in=True,
)
