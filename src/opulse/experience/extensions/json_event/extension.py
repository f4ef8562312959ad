"""The JSON event's form: its fields, and how senders prove themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.json_event.models import EventAuth
from opulse.experience.workflows.models import ConditionGroup
from opulse.experience.workflows.registry import Extension, FieldKind, FormField
from opulse.experience.workflows.rules.fields import check_path
from opulse.ports import Ports

FIELDS_MAX = 50
_SEALED = "sealed_secret"


class JsonEvent:
    """``form``: ``fields`` [{name, path}], ``authentication`` (open, token, basic, hmac), ``secret`` (hmac only)."""

    type = "json_event"
    title = "JSON"
    form: Sequence[FormField] = (
        FormField(
            "fields",
            "JSON fields",
            FieldKind.PATHS,
            required=False,
            help="A name and a JSON path each, with or without $.",
        ),
        FormField(
            "authentication",
            "Authentication",
            FieldKind.CHOICE,
            choices=(
                (EventAuth.OPEN.value, "Off: anybody who knows the address"),
                (EventAuth.TOKEN.value, "API token"),
                (EventAuth.BASIC.value, "Basic"),
                (EventAuth.HMAC.value, "Signed secret"),
            ),
            default=EventAuth.OPEN.value,
        ),
        FormField(
            "secret",
            "Shared secret",
            FieldKind.SECRET,
            required=False,
            help="For a signed secret only.",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        fields = form.get("fields", [])
        if not isinstance(fields, list) or len(fields) > FIELDS_MAX:
            return [f"JSON fields are a list of at most {FIELDS_MAX} names and paths"]
        if not all(isinstance(field, dict) for field in fields):
            return ["a JSON field is a name and a path"]
        names = [str(field.get("name", "")).strip() for field in fields]
        if len(set(names)) != len(names) or "" in names:
            problems.append("each JSON field has a name of its own")
        for field in fields:
            try:
                check_path(str(field.get("path", "")))
            except ValueError as error:
                problems.append(str(error))
        auth = form.get("authentication", EventAuth.OPEN.value)
        if auth not in list(EventAuth):
            problems.append(f"authentication is one of {', '.join(EventAuth)}")
        if auth == EventAuth.HMAC and not form.get(_SEALED):
            problems.append("a signed secret needs the secret")
        return problems

    def seal(self, ports: Ports, form: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        stored = {name: value for name, value in form.items() if name not in ("secret", _SEALED)}
        if form.get("secret"):
            stored[_SEALED] = ports.secrets.seal(str(form["secret"]))
        elif known.get(_SEALED):
            stored[_SEALED] = known[_SEALED]
        return stored

    def show(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in form.items() if name != _SEALED}

    def saved_in(
        self,
        conn: Connection,
        tenant: int,
        workflow: str,
        form: Mapping[str, Any],
        conditions: ConditionGroup,
        enabled: bool,
    ) -> None:
        """Nothing to keep in step: the address belongs to the workflow."""

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        return [str(field["name"]) for field in form.get("fields", [])]


EXTENSION = Extension(
    name="json",
    title="JSON",
    help="Start a workflow when another system posts JSON to its address.",
    trigger=JsonEvent(),
    built_in=True,
)
