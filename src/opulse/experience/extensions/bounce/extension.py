"""The event's form: which directory (qualtrics-product.md 5.1, bounce change)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS, views
from opulse.experience.workflows import Extension, FieldKind, FormField
from opulse.experience.workflows.models import ConditionGroup
from opulse.ports import Ports

FIELDS = ("bounceType", "bounceCode", "bounceReason")


class Bounce:
    """``form``: ``directory``, ``embedded_fields``."""

    type = "bounce"
    title = "Bounce"
    form: Sequence[FormField] = (
        FormField("directory", "Select an XM Directory", FieldKind.DIRECTORY),
        FormField("embedded_fields", "Embedded data fields for conditions", FieldKind.NAMES, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        found = views.find_directory(conn, tenant, str(form.get("directory", "")))
        return [] if found is not None else ["choose a directory"]

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
        """Nothing to keep in step: values are read when the event comes."""

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        return [*MAIN_FIELDS, *(form.get("embedded_fields") or []), *FIELDS]


EXTENSION = Extension(
    name="bounce",
    title="Bounce",
    help="Start a workflow when mail to contacts came back.",
    trigger=Bounce(),
    built_in=True,
)
