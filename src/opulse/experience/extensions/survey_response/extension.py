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

FIELDS = ("surveyId", "language", "state")
PERSON, ANSWERS = "person", "answers"
FREE_TEXT = "_TEXT"  # keys of free text end so


class SurveyResponse:
    """``form``: ``survey``, ``about`` (person, answers), ``questions``, ``include_incomplete``, ``include_imported``.

    Nobody may learn who answered what, an author of workflows neither: an event is about the person, or about the answers, never
    about both.
    """

    type = "survey_response"
    title = "Survey Response"
    form: Sequence[FormField] = (
        FormField("survey", "Survey", FieldKind.SURVEY),
        FormField(
            "about",
            "About",
            FieldKind.CHOICE,
            choices=(
                (PERSON, "The person who answered, without the answers"),
                (ANSWERS, "The answers, without the person, once five have answered"),
            ),
            default=PERSON,
            help="Never both: nobody may learn who answered what.",
        ),
        FormField(
            "questions",
            "Answers for conditions and pipes",
            FieldKind.NAMES,
            required=False,
            help="Ids of closed questions, such as QID1, one per line. An answer is the id of its choice.",
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
        questions = [str(one) for one in form.get("questions") or []]
        if form.get("about", PERSON) not in (PERSON, ANSWERS):
            return ["About is one of: person, answers"]
        if questions and form.get("about", PERSON) == PERSON:
            return ["Answers for conditions and pipes: an event about the person carries no answers"]
        if any(one.endswith(FREE_TEXT) for one in questions):
            return ["Answers for conditions and pipes: free text may name its author, so no event carries it"]
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
        if form.get("about", PERSON) == ANSWERS:
            return [*(form.get("questions") or []), *FIELDS]
        return [*MAIN_FIELDS, *(form.get("embedded_fields") or []), *FIELDS]


EXTENSION = Extension(
    name="survey_response",
    title="Survey Response",
    help="Start a workflow when somebody answers a survey, or changes an answer.",
    trigger=SurveyResponse(),
    built_in=True,
)
