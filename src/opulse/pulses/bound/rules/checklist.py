"""The guide's procedures with a pulse's values: what a person makes by hand in the real products, since no API does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opulse.pulses.bound.models import AskedAt, Procedure, PulseDraft, SensorsAt, Step
from opulse.wire.webhook import OPERATIONAL_PULSE_BODY

_AND_LATER = '"systemsCurrentlyAffectedURL": "@{systemsCurrentlyAffectedURL}"'


@dataclass(frozen=True, slots=True)
class Said:
    """What a pulse's ids are called, and ``event``: the address of our JSON event; empty where theirs is meant."""

    group: str
    survey: str
    mailing_list: str
    event: str = ""


def checklist_of(draft: PulseDraft, said: Said) -> tuple[Procedure, ...]:
    """With both halves here: all five, for whoever makes the same in the products. Else what is theirs."""
    return tuple(_procedures(draft, said))


def _procedures(draft: PulseDraft, said: Said) -> Iterator[Procedure]:
    where = draft.where
    by_workflows = where.is_here or where.asked is AskedAt.THEIR_WORKFLOWS
    at_systrack = where.is_here or where.sensors is SensorsAt.SYSTRACK
    if by_workflows:
        yield _receiver(said)
    if at_systrack:
        yield _recipient(said)
    if by_workflows:
        yield _survey(said)
    if at_systrack:
        yield _notification(draft, said)
    if by_workflows:
        yield _sender(draft, said)
    if where.asked is AskedAt.QUALTRICS:
        yield _before_asking(draft)


def _receiver(said: Said) -> Procedure:
    steps = (
        Step("Workflows, Create a Workflow, Started when an event is received, extension", "JSON"),
        Step("JSON field Systems URL", "data.systemsAtActivationURL"),
        Step("JSON field Sensor Names", "data.sensorNames"),
        Step("Save, and note the payload URL."),
        Step("Add a task with the service account's user name and password, extension", "Operational Pulse"),
        Step("Systems URL: the JSON field Systems URL. Sensor Names: the JSON field Sensor Names."),
        Step("List ID: that of", said.mailing_list),
        Step("Directory ID: that of its directory."),
    )
    return Procedure(
        "In Qualtrics: a workflow for your recipient", "Once for all pulses of this mailing list.", steps
    )


def _recipient(said: Said) -> Procedure:
    ours = bool(said.event)
    steps = (
        Step(
            "Sensor Configuration, Notifications, Recipients, +: type System, connection Webhook, method POST, authentication",
            "Off",
        ),
        Step("URL", said.event) if ours else Step("URL: the payload URL that you noted."),
        Step(
            "Header X-API-TOKEN, Sensitive: a key of the kind integration, made on the page API keys here"
            if ours
            else "Header X-API-TOKEN, Sensitive: your API token"
        ),
        Step("Body", code=_body(with_later=ours)),
        Step("Test Webhook: the first look at whether it arrives."),
    )
    return Procedure("In SysTrack: the recipient", "Once for all pulses of this mailing list.", steps)


def _body(*, with_later: bool) -> str:
    """With the second address systems that are affected later are asked too: ours looks there, and theirs does not."""
    if not with_later:
        return OPERATIONAL_PULSE_BODY
    head, url, tail = OPERATIONAL_PULSE_BODY.partition('"@{systemsAtActivationURL}"')
    assert url, "the body of the guide names it"
    return f"{head}{url},\n        {_AND_LATER}{tail}"


def _survey(said: Said) -> Procedure:
    steps = (
        Step("Make and publish", said.survey),
        Step("Its file for Qualtrics is on the survey's page here: Download as QSF."),
    )
    return Procedure("In Qualtrics: the survey", "", steps)


def _notification(draft: PulseDraft, said: Said) -> Procedure:
    steps = (
        Step("Name", draft.name),
        *(Step("Sensor", name) for name in draft.sensors),
        Step("Group", said.group),
        Step("Activation", "any system" if draft.threshold == "1" else f"{draft.threshold} or more"),
        Step("Recipients: the one above. Save Notification."),
    )
    return Procedure("In SysTrack: the notification", "", steps)


def _sender(draft: PulseDraft, said: Said) -> Procedure:
    steps = (
        Step(
            "Create a Workflow, Started when an event is received, stand-alone, name", f"Send: {draft.name}"
        ),
        Step(
            "Extension Experience ID Change, Contact data change, Default directory, updated and created, field",
            "lastAlarm",
        ),
        Step("Add a condition", "All of the following are true"),
        *(Step("lastAlarm, Current Value, contains", name) for name in draft.sensors),
        Step("Add a task, extension", "XM Directory"),
        Step("Individual, Email / Embedded Data, Individual link, Immediately, save as embedded data."),
        Step("Contact List", said.mailing_list),
        Step("First name, last name and email: Main Contact Data. Survey", said.survey),
        Step("Message", draft.message or "the survey's introduction"),
        Step("Save."),
    )
    return Procedure("In Qualtrics: a workflow for the survey", "", steps)


def _before_asking(draft: PulseDraft) -> Procedure:
    where = draft.where
    steps = (
        Step(
            "The directory de-duplicates by e-mail, by external data reference, or by both", where.directory
        ),
        Step("The survey is published and collects responses", where.survey),
        Step("Qualtrics may send from", where.from_email),
        Step("No workflow there asks for the same alarms, or people are asked twice."),
    )
    return Procedure("In Qualtrics: look before the first incident", "The rest is done by its API.", steps)
