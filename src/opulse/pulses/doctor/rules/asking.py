"""The workflow that asks: what it listens to, what it reads of lastAlarm, whom and with what it asks (weak points 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opulse.experience.directory.models import ChangeKind
from opulse.experience.surveys.models import SurveyState
from opulse.experience.workflows.models import Operator, Side, Workflow
from opulse.pulses.doctor.facts import Facts
from opulse.pulses.doctor.models import Action, Button, Finding, Kind, Subject
from opulse.pulses.doctor.rules.pairing import Asker, about, askers, distribute, pairs
from opulse.pulses.doctor.rules.wiring import receivers, task_form
from opulse.templating.piped import EMBEDDED, EVENT, TASK, parse_piped

_ON_CHANGE = {Operator.CHANGED, Operator.CHANGED_TO, Operator.GAINED}


def check_alarm(facts: Facts) -> Iterator[Finding]:
    """Conditions on the wrong side of lastAlarm or on its change, and values of it that stay."""
    for asker in askers(facts):
        if any(line.side is Side.PREVIOUS and line.operator not in _ON_CHANGE for line in asker.lines):
            what = "A condition reads the previous value of lastAlarm: it holds one incident too late."
            yield Finding(Kind.PREVIOUS_SIDE, about(asker.workflow), what)
        if any(line.operator in _ON_CHANGE for line in asker.lines):
            what = "A condition wants lastAlarm to change; the same sensors again write the same value."
            yield Finding(Kind.REPEATING_ALARM, about(asker.workflow), what)
    if facts.people.stale:
        what = f"{facts.people.stale:,} contacts have a lastAlarm without an end."
        yield Finding(Kind.STALE_ALARM, Subject("directory", "Contacts", "/directory"), what)


def check_listening(facts: Facts) -> Iterator[Finding]:
    """Which changes, of which directory, and whether the workflow is on."""
    tasks = [task_form(one) for one in receivers(facts)]
    written = {str(form.get("directory_id")) for form in tasks}
    makes = {str(form.get("directory_id")) for form in tasks if str(form.get("create_contacts")) == "true"}
    on = {pair.asker.workflow.id for pair in pairs(facts) if pair.notification.enabled}
    for asker in askers(facts):
        form, subject = asker.workflow.document.trigger.form, about(asker.workflow)
        listen = Button(Action.LISTEN, asker.workflow.id)
        if ChangeKind.UPDATED not in form["kinds"]:
            what = "Contact data has been updated is not ticked."
            yield Finding(Kind.NOT_LISTENING, subject, what, listen)
        elif ChangeKind.CREATED not in form["kinds"] and form["directory"] in makes:
            what = "The task makes contacts, and Contact data has been created is not ticked."
            yield Finding(Kind.NEW_CONTACTS_UNHEARD, subject, what, listen)
        if written and form["directory"] not in written:
            what = "It listens to a directory on which no Operational Pulse task writes lastAlarm."
            yield Finding(Kind.OTHER_DIRECTORY, subject, what)
        if not asker.workflow.enabled and asker.workflow.id in on:
            button = Button(Action.SWITCH_ON, asker.workflow.id)
            yield Finding(
                Kind.WORKFLOW_OFF, subject, "It is switched off while its notification is on.", button
            )


def check_survey(facts: Facts) -> Iterator[Finding]:
    """The survey collects answers, and the list is the one that the task fills."""
    filled = {str(task_form(one).get("list_id")) for one in receivers(facts)}
    for asker in askers(facts):
        form = _form(asker)
        survey = facts.surveys.get(str(form.get("survey")))
        if survey is not None and survey.state is not SurveyState.ACTIVE:
            what = f"Its survey {survey.name} is {survey.state.value}."
            yield Finding(Kind.SURVEY_NOT_OPEN, about(asker.workflow), what)
        given = facts.lists.get(str(form.get("contact_list")))
        if filled and given is not None and given.id not in filled:
            what = f"It sends to the list {given.name}, which no Operational Pulse task fills."
            yield Finding(Kind.OTHER_LIST, about(asker.workflow), what)


def check_repeats(facts: Facts) -> Iterator[Finding]:
    """Mails of which two say the same: only our task tells them apart, by the activation that it writes beside lastAlarm."""
    written = {str(task_form(one).get("directory_id")) for one in receivers(facts)}
    for asker in askers(facts):
        directory = str(asker.workflow.document.trigger.form["directory"])
        if directory not in written and not _has_own_words(_form(asker)):
            what = "No Operational Pulse task of ours writes lastAlarm there, and its mail says the same in each incident."
            yield Finding(Kind.SAME_MAIL, about(asker.workflow), what)
    for workflow in facts.workflows:
        task = distribute(workflow)
        if task is None or not _runs_hourly(workflow) or _has_own_words(task.form):
            continue
        what = "It starts every hour, and its mail says the same each time."
        yield Finding(Kind.SAME_MAIL, about(workflow), what)


def _runs_hourly(workflow: Workflow) -> bool:
    """The one schedule that comes again before the twelve hours are over."""
    return (
        workflow.document.trigger.type == "schedule" and workflow.document.trigger.form["preset"] == "hourly"
    )


def _has_own_words(form: dict[str, Any]) -> bool:
    """Whether subject or message pipes what may differ from one incident to the next: embedded data, an event's field."""
    slots = parse_piped(f"{form.get('subject') or ''} {form.get('message') or ''}").slots
    return any(slot.source in (EMBEDDED, EVENT, TASK) for slot in slots)


def _form(asker: Asker) -> dict[str, Any]:
    task = distribute(asker.workflow)
    return task.form if task is not None else {}
