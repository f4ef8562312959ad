"""The event's form: whose subscription, and which way (qualtrics-product.md 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS, views
from opulse.experience.workflows import Extension, FieldKind, FormField
from opulse.experience.workflows.models import ConditionGroup
from opulse.ports import Ports

WAYS = (("out", "opted out"), ("in", "opted in again"))


class SubscriptionChange:
    """``form``: ``directory``, ``list`` (empty: of the directory as a whole), ``ways`` (out, in), ``embedded_fields``."""

    type = "subscription_change"
    title = "Subscription Change"
    form: Sequence[FormField] = (
        FormField("directory", "Select an XM Directory", FieldKind.DIRECTORY),
        FormField(
            "list",
            "Mailing list",
            FieldKind.LIST,
            required=False,
            help="Empty: the subscription to the whole directory.",
        ),
        FormField("ways", "A contact has", FieldKind.MANY, choices=WAYS),
        FormField("embedded_fields", "Embedded data fields for conditions", FieldKind.NAMES, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        if views.find_directory(conn, tenant, str(form.get("directory", ""))) is None:
            problems.append("choose a directory")
        chosen = views.find_list(conn, tenant, str(form.get("list") or ""))
        if form.get("list") and (chosen is None or chosen.directory != form.get("directory")):
            problems.append("Mailing list names no list of that directory")
        ways = form.get("ways") or []
        if not ways or not set(ways) <= {"out", "in"}:
            problems.append("A contact has: tick at least one of out, in")
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
        """Nothing to keep in step: values are read when the event comes."""

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        return [*MAIN_FIELDS, *(form.get("embedded_fields") or []), "subscribed"]


EXTENSION = Extension(
    name="subscription_change",
    title="Subscription Change",
    help="Start a workflow when a contact opts out of a directory or a mailing list, or in again.",
    trigger=SubscriptionChange(),
    built_in=True,
)
