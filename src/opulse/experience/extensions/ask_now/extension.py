"""The event of workflows that people start by hand. Ask Now makes them; they can be looked at like all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS
from opulse.experience.extensions.ask_now.models import TRIGGER
from opulse.experience.workflows import Extension, FormField
from opulse.experience.workflows.models import ConditionGroup
from opulse.ports import Ports


class AskedNow:
    """A person chose people to ask. It asks nothing in its form: the page Ask now does."""

    type = TRIGGER
    title = "Ask Now"
    form: Sequence[FormField] = ()

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        return []

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
        """Nothing to keep in step."""

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        return [*MAIN_FIELDS, "subject", "message", "askedBy"]


EXTENSION = Extension(
    name="ask_now",
    title="Ask Now",
    help="Ask people of a group, a list or a pasted list, without a sensor: on the page Ask now.",
    trigger=AskedNow(),
    built_in=True,
)
