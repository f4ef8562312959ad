"""The Distribute Survey task with the sixteen fields of the guide's page.

Every matched contact is asked in one go: the person's fields are pipes of *Main Contact Data*, so they are read in the set and
not typed per person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Connection

from opulse.experience.directory import Cause, check_patch, merge_embedded_in
from opulse.experience.directory import views as directory
from opulse.experience.distributions import AskRequest, AskResult, Channel, LinkType, MessageSpec
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.extensions.xm_directory.contacts import LoadContact, UpdateContacts
from opulse.experience.extensions.xm_directory.further import (
    FOLLOW_UP_FIELDS,
    LIBRARY_FIELDS,
    WHEN,
    WHEN_FIELDS,
    MessageGone,
    check_further,
    message_in,
    read_follow_ups,
    read_timing,
)
from opulse.experience.surveys.flow import get_published_in
from opulse.experience.workflows import (
    Extension,
    FieldKind,
    FormField,
    Selection,
    TaskContext,
    TaskResult,
    TaskState,
)
from opulse.jobs import JobDead
from opulse.ports import Ports

CONTACT_PIPES = {"first_name": "${m://FirstName}", "last_name": "${m://LastName}", "email": "${m://Email}"}
LINK_TYPES = {
    "Individual": LinkType.INDIVIDUAL,
    "Multiple": LinkType.MULTIPLE,
    "Anonymous": LinkType.ANONYMOUS,
}
METHODS = {
    "Email": Channel.MAIL,
    "Desktop": Channel.DESKTOP,
    "Email and desktop": Channel.MAIL_AND_DESKTOP,
}
SAVE_AS = (
    ("embedded_data", "Save or update it as embedded data to your XM directory contacts"),
    ("transaction", "Save it as transaction data: with this distribution, not on the contacts"),
    ("nothing", "Do not save"),
)
HOURS_MAX = 24 * 90


def _one(*values: str) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


class DistributeSurvey:
    """Distribute Survey Task."""

    type = "xm_directory.distribute_survey"
    title = "XM Directory: Distribute Survey"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField(
            "distribution_type",
            "Distribution Type",
            FieldKind.CHOICE,
            choices=_one("Individual"),
            default="Individual",
        ),
        FormField(
            "distribution_method",
            "Distribution Method",
            FieldKind.CHOICE,
            choices=(("Email", "Email / Embedded Data"), *_one("Desktop", "Email and desktop")),
            default="Email",
            help="Desktop: the agent shows the question where the person is logged on. For incidents that break mail.",
        ),
        FormField(
            "link_type", "Link Type", FieldKind.CHOICE, choices=_one(*LINK_TYPES), default="Individual"
        ),
        FormField("when", "When", FieldKind.CHOICE, choices=_one(*WHEN), default="Immediately"),
        FormField(
            "save_as",
            "Select how you want to save or update info",
            FieldKind.CHOICE,
            choices=SAVE_AS,
            default="embedded_data",
        ),
        FormField("contact_list", "Contact List", FieldKind.LIST),
        FormField("first_name", "First name", FieldKind.PIPED, default=CONTACT_PIPES["first_name"]),
        FormField("last_name", "Last name", FieldKind.PIPED, default=CONTACT_PIPES["last_name"]),
        FormField("email", "Email address", FieldKind.PIPED, default=CONTACT_PIPES["email"]),
        FormField(
            "language",
            "Language",
            FieldKind.TEXT,
            default="contact",
            help="'contact' or a language of the survey.",
        ),
        FormField("survey", "Survey", FieldKind.SURVEY),
        FormField(
            "from_address", "From Address", FieldKind.TEXT, required=False, help="Empty: the installation's."
        ),
        FormField("from_name", "From Name", FieldKind.PIPED, required=False),
        FormField("reply_to", "Reply-To Email", FieldKind.TEXT, required=False),
        FormField("subject", "Subject", FieldKind.PIPED, required=False, help="Empty: the survey's title."),
        FormField(
            "message", "Message", FieldKind.LONG, required=False, help="Empty: the survey's introduction."
        ),
        *WHEN_FIELDS,
        *LIBRARY_FIELDS,
        *FOLLOW_UP_FIELDS,
        FormField("embedded_data", "Embedded data to save", FieldKind.PAIRS, required=False),
        FormField("expires_hours", "Link expires after (hours)", FieldKind.TEXT, required=False),
        FormField("send_by_minutes", "Not sent later than (minutes)", FieldKind.TEXT, required=False),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = _check_choices(form)
        if directory.find_list(conn, tenant, str(form["contact_list"])) is None:
            problems.append("Contact List names no mailing list")
        if not _is_published(conn, tenant, str(form["survey"])):
            problems.append("Survey names no published survey: publish it first")
        for name, label in (("from_address", "From Address"), ("reply_to", "Reply-To Email")):
            if form.get(name) and not _is_address(str(form[name])):
                problems.append(f"{label} is no e-mail address")
        for name, label, most in (
            ("expires_hours", "Link expires after", HOURS_MAX),
            ("send_by_minutes", "Not sent later than", HOURS_MAX * 60),
        ):
            if form.get(name) and not _is_number(form[name], most):
                problems.append(f"{label} is a whole number from 1 to {most:,}")
        problems += check_further(conn, tenant, form)
        return problems + _check_saved(form.get("embedded_data") or {})

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Ask everybody whom the event is about. Idempotent: nobody is invited twice for one activation and wave."""
        selection = context.selection
        if selection is None:
            return TaskResult(TaskState.FAILED, {}, "the event of this workflow is about no contacts")
        try:
            message = await ports.db.read(message_in, context.tenant, context.form)
            result = await ask(ports, _request(context, selection, message))
        except MessageGone as error:
            return TaskResult(TaskState.FAILED, {}, str(error))
        except LookupError as error:
            return TaskResult(TaskState.FAILED, {}, f"the survey is not collecting answers: {error}")
        except JobDead as error:
            return TaskResult(TaskState.FAILED, {}, str(error))
        if (
            context.form.get("embedded_data")
            and context.form.get("save_as", "embedded_data") == "embedded_data"
        ):
            try:
                await ports.db.write(_save_in, ports, context, selection)
            except ValueError as error:  # a pipe brought something that embedded data cannot hold
                words = f"everybody was asked, but nothing was saved: {error}"
                return TaskResult(TaskState.FAILED, _output(result), words)
        return TaskResult(TaskState.SUCCEEDED, _output(result))


def _check_choices(form: Mapping[str, Any]) -> list[str]:
    problems = []
    for field in DistributeSurvey.form:
        value = form.get(field.name)
        if field.choices and value and value not in {choice for choice, _ in field.choices}:
            problems.append(f"{field.label} is one of: {', '.join(choice for choice, _ in field.choices)}")
    for name, pipe in CONTACT_PIPES.items():
        if form.get(name) not in (None, "", pipe):
            problems.append(f"{name.replace('_', ' ')} is taken from Main Contact Data: {pipe}")
    return problems


def _check_saved(embedded: object) -> list[str]:
    if not isinstance(embedded, dict):
        return ["Embedded data is a list of names and values"]
    try:
        check_patch({name: value for name, value in embedded.items() if value is not None})
    except ValueError as error:
        return [f"Embedded data: {error}"]
    return []


def _request(context: TaskContext, selection: Selection, message: MessageSpec) -> AskRequest:
    form = context.form
    return AskRequest(
        tenant=context.tenant,
        workflow=context.workflow,
        run=context.run,
        task_run=context.task_run,
        activation=context.activation,
        wave=context.wave,
        survey=str(form["survey"]),
        message=message,
        selection=selection,
        name=context.workflow_name,
        task=context.task,
        list_id=str(form["contact_list"]),
        link_type=LINK_TYPES[str(form.get("link_type") or "Individual")],
        channel=METHODS[str(form.get("distribution_method") or "Email")],
        language=str(form.get("language") or "contact"),
        link_life=timedelta(hours=int(form["expires_hours"])) if form.get("expires_hours") else None,
        send_by=timedelta(minutes=int(form["send_by_minutes"])) if form.get("send_by_minutes") else None,
        asked_at=context.started_at,
        timing=read_timing(form),
        follow_ups=read_follow_ups(form),
        embedded=_transaction(form),
    )


def _transaction(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form's embedded data where it is saved as transaction data: the contact's own stays as it is."""
    if form.get("save_as") != "transaction":
        return {}
    return {
        str(name): value for name, value in (form.get("embedded_data") or {}).items() if value is not None
    }


def _save_in(conn: Connection, ports: Ports, context: TaskContext, selection: Selection) -> None:
    """Write the form's embedded data on the contacts. The chain of causes keeps this change from starting the workflow again."""
    change = directory.find_change_set(conn, context.tenant, selection.change_set)
    if change is None:
        return
    members = directory.list_members_of(conn, context.tenant, selection.change_set, selection.groups)
    cause = Cause(context.activation, context.wave, context.run, context.chain)
    patch = {str(name): value for name, value in context.form["embedded_data"].items() if value is not None}
    merge_embedded_in(
        conn, context.tenant, change.directory, members, patch, cause=cause, now=ports.clock.now()
    )


def _output(result: AskResult) -> dict[str, Any]:
    return {
        "distributionId": result.distribution,
        "asked": result.asked,
        "held": sum(result.held.values()),
        "spared": sum(result.spared.values()),
        "reasons": {
            **{reason.value: count for reason, count in result.held.items()},
            **{reason.value: count for reason, count in result.spared.items()},
        },
    }


def _is_published(conn: Connection, tenant: int, survey: str) -> bool:
    try:
        get_published_in(conn, tenant, survey)
    except LookupError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _is_number(value: object, most: int) -> bool:
    text = str(value)
    return text.isascii() and text.isdigit() and 0 < int(text) <= most


EXTENSION = Extension(
    name="xm_directory",
    title="XM Directory",
    help="Sends a survey to the contacts that an event is about; adds, updates and reads contacts.",
    tasks=(DistributeSurvey(), UpdateContacts(), LoadContact()),
    built_in=True,
)
