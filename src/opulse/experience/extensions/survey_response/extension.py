"""The event's form: which survey, and which responses (qualtrics-product.md 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import MAIN_FIELDS
from opulse.experience.surveys.flow import get_survey_in
from opulse.experience.workflows import Extension, FieldKind, FormField
from opulse.experience.workflows.models import ConditionGroup
from opulse.ports import Ports

FIELDS = ("responseId", "surveyId", "language", "state")


class SurveyResponse:
    """``form``: ``survey``, ``questions`` (answer keys), ``include_incomplete``, ``include_imported``, ``embedded_fields``."""

    type = "survey_response"
    title = "Survey Response"
    form: Sequence[FormField] = (
        FormField("survey", "Survey", FieldKind.SURVEY),
        FormField(
            "questions",
            "Answers for conditions and pipes",
            FieldKind.NAMES,
            required=False,
            help="Ids of questions, such as QID1, one per line. An answer is the id of its choice, or its text.",
        ),
        FormField(
            "include_incomplete",
            "Include incomplete responses that were closed",
            FieldKind.SWITCH,
            False,
            default="false",
        ),
        FormField("include_imported", "Include imported responses", FieldKind.SWITCH, False, default="false"),
        FormField("embedded_fields", "Embedded data fields for conditions", FieldKind.NAMES, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        try:
            get_survey_in(conn, tenant, str(form.get("survey") or ""))
        except LookupError:
            return ["Survey names no survey"]
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
        """Nothing to keep in step: values are read when the event comes."""

    def field_names(self, form: Mapping[str, Any]) -> list[str]:
        own = [*(form.get("questions") or []), *FIELDS]
        return [*MAIN_FIELDS, *(form.get("embedded_fields") or []), *own]


EXTENSION = Extension(
    name="survey_response",
    title="Survey Response",
    help="Start a workflow when somebody answers a survey, or changes an answer.",
    trigger=SurveyResponse(),
    built_in=True,
)
