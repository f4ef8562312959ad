"""What each pulse has of its own: the notification, and the workflow that sends its survey, with its conditions.

Only what the pulse speaks of is written; schedule, hold and whatever else a person has set on a part stays.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from opulse.experience.directory.models import MailingList
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow import definitions
from opulse.experience.workflows.models import (
    Condition,
    ConditionGroup,
    Operator,
    TaskDefinition,
    TriggerDefinition,
    Workflow,
    WorkflowDocument,
)
from opulse.monitoring.notifications.flow import reading, saving
from opulse.monitoring.notifications.models import Notification, NotificationDraft, SensorChoice
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import AskedAt, Part, PartKind, Pulse, PulseDraft
from opulse.pulses.bound.rules import PERCENTAGE, compare, list_of, read_threshold, write_threshold

ALARM = "lastAlarm"
CHANGE = "experience_id_change"
DISTRIBUTE = "xm_directory.distribute_survey"
MADE_FOR = "Made by the pulse of this name."


def draft_of(
    draft: PulseDraft, recipient: str, found: Notification | None = None, left: Collection[str] = ()
) -> NotificationDraft:
    """The guide's fourth procedure. ``found``: what stands there already; ``left``: recipients that it tells no more."""
    option, value = read_threshold(draft.threshold) or ("", draft.threshold)
    instances = {one.name: one.instance for one in found.sensors} if found else {}
    sensors = tuple(SensorChoice(name, instances.get(name)) for name in draft.sensors)
    before = (one for one in (found.recipients if found else ()) if one not in left)
    told = tuple(dict.fromkeys((*before, *([recipient] if recipient else []))))
    if found is None:
        return NotificationDraft(draft.name, MADE_FOR, sensors, draft.group, option, value, told)
    return NotificationDraft(
        name=draft.name,
        description=found.description,
        sensors=sensors,
        group_id=draft.group,
        option=option,
        value=value,
        recipients=told,
        enabled=True,
        minimum_systems=found.minimum_systems
        if option == PERCENTAGE and found.threshold.is_percent
        else None,
        hold_seconds=found.hold_seconds,
        needed_sensors=None,
        cool_down_seconds=found.cool_down_seconds,
        schedule=found.schedule.preset.value,
        zone=found.schedule.zone,
    )


def said_of_notification(pulse: Pulse, group_name: str) -> dict[str, str]:
    """What the pulse says of its notification, in words.

    Where Qualtrics asks, a paused pulse does not tell it: no workflow of ours asks, which could be switched off.
    """
    draft = pulse.draft
    told = pulse.enabled or draft.where.asked is AskedAt.HERE
    return {
        "Name": draft.name,
        "Sensors": list_of(draft.sensors),
        "Sensors needed together": "all",
        "Group": group_name,
        "Threshold": draft.threshold,
        "Enabled": "yes",
        "Tells the webhook": "yes" if told else "no",
    }


def read_notification(found: Notification, recipient: str) -> dict[str, str]:
    """The same of what is there."""
    all_of_them = found.needed_sensors == len(found.sensors)
    return {
        "Name": found.name,
        "Sensors": list_of(one.name for one in found.sensors),
        "Sensors needed together": "all" if all_of_them else str(found.needed_sensors),
        "Group": found.group_name,
        "Threshold": write_threshold(found.threshold.option.value, Decimal(found.threshold.value)),
        "Enabled": "yes" if found.enabled else "no",
        "Tells the webhook": "yes" if recipient in found.recipients else "no",
    }


def save_notification_in(
    work: Work, pulse: Pulse, group_name: str, recipient: str, part: Part | None, left: str
) -> Part:
    """Make it, or change it where it says something else: saving ends an activation that is open."""
    said = said_of_notification(pulse, group_name)
    tells = said["Tells the webhook"] == "yes"
    told, untold = (recipient, (left,)) if tells else ("", (left, recipient))
    found = reading.find_notification(work.conn, work.tenant, part.id) if part else None
    if found is None or part is None:
        wanted = draft_of(pulse.draft, told)
        made = saving.create_notification_in(work.conn, work.tenant, work.actor, wanted, work.now)
        return Part(PartKind.NOTIFICATION, made.notification.id, made=True)
    if compare(said, read_notification(found, recipient)):
        wanted = draft_of(pulse.draft, told, found, untold)
        saving.change_notification_in(work.conn, work.tenant, work.actor, found.id, wanted, work.now)
    return part


def conditions_of(draft: PulseDraft) -> ConditionGroup:
    """*All of the following are true*: lastAlarm, Current Value, contains, once for each sensor."""
    lines: list[Condition | ConditionGroup] = [
        Condition(field=ALARM, operator=Operator.CONTAINS, operand=name) for name in draft.sensors
    ]
    return ConditionGroup(mode="all", items=lines)


def describe_conditions(group: ConditionGroup) -> str:
    """In words; a group of another shape is named as such, so that it never passes for ours."""
    names = sensors_of(group)
    return list_of(names) if names is not None else "other conditions"


def sensors_of(group: ConditionGroup) -> list[str] | None:
    """The sensors that conditions of the guide's shape ask for; None: they have another shape."""
    names = []
    for line in group.items:
        plain = isinstance(line, Condition) and line.field == ALARM and line.side.value == "current"
        if not plain or not isinstance(line, Condition) or line.operator is not Operator.CONTAINS:
            return None
        if not isinstance(line.operand, str):
            return None
        names.append(line.operand)
    return names if group.mode == "all" or len(names) == 1 else None


def task_of(document: WorkflowDocument) -> TaskDefinition | None:
    """Its first Distribute Survey task."""
    return next((task for task in document.tasks if task.type == DISTRIBUTE), None)


def said_of_sender(draft: PulseDraft) -> dict[str, str]:
    return {
        "Name": f"Send: {draft.name}",
        "Conditions": list_of(draft.sensors),
        "Survey": draft.survey,
        "Mailing list": draft.mailing_list,
        "Message": draft.message,
        "Way": draft.channel,
    }


def read_sender(found: Workflow) -> dict[str, str]:
    task = task_of(found.document)
    form = task.form if task else {}
    return {
        "Name": found.document.name,
        "Conditions": describe_conditions(found.document.conditions),
        "Survey": str(form.get("survey") or ""),
        "Mailing list": str(form.get("contact_list") or ""),
        "Message": str(form.get("message") or ""),
        "Way": str(form.get("distribution_method") or ""),
    }


def save_sender_in(
    work: Work, draft: PulseDraft, mailing_list: MailingList, enabled: bool, part: Part | None
) -> Part:
    """The guide's fifth procedure."""
    here = {one.id: one for one in workflows.list_workflows(work.conn, work.tenant)}
    found = here.get(part.id) if part else None
    if found is None or part is None:
        document = _document(draft, mailing_list, None)
        made = definitions.create_workflow_in(
            work.conn, work.ports, work.tenant, document, work.actor, enabled=enabled
        )
        return Part(PartKind.SENDER, made.id, made=True)
    if compare(said_of_sender(draft), read_sender(found)) or not _listens(found, mailing_list):
        document = _document(draft, mailing_list, found.document)
        definitions.change_workflow_in(work.conn, work.ports, work.tenant, found.id, document, work.actor)
    if found.enabled != enabled:
        definitions.switch_workflow_in(work.conn, work.tenant, found.id, enabled, work.actor, work.now)
    return part


def _listens(found: Workflow, mailing_list: MailingList) -> bool:
    trigger = found.document.trigger
    fields = trigger.form.get("embedded_fields") or []
    return (
        trigger.type == CHANGE and trigger.form.get("directory") == mailing_list.directory and ALARM in fields
    )


def _document(
    draft: PulseDraft, mailing_list: MailingList, found: WorkflowDocument | None
) -> WorkflowDocument:
    listens = {
        "directory": mailing_list.directory,
        "kinds": ["updated", "created"],
        "embedded_fields": [ALARM],
    }
    said = {
        "contact_list": draft.mailing_list,
        "survey": draft.survey,
        "message": draft.message,
        "distribution_method": draft.channel,
    }
    known = task_of(found) if found else None
    form = {**(known.form if known else _sixteen_fields()), **said}
    task = TaskDefinition(id=known.id if known else "", type=DISTRIBUTE, form=form)
    others = [one for one in found.tasks if one is not known] if found else []
    place = found.tasks.index(known) if found and known else len(others)
    return WorkflowDocument(
        name=f"Send: {draft.name}",
        location=found.location if found else "stand-alone",
        trigger=TriggerDefinition(type=CHANGE, form=listens),
        conditions=conditions_of(draft),
        tasks=[*others[:place], task, *others[place:]],
        **({"settings": found.settings} if found else {}),
    )


def _sixteen_fields() -> dict[str, Any]:
    """Of the guide's page, those that the pulse does not ask for. Without an address mails come from the installation's."""
    return {
        "distribution_type": "Individual",
        "link_type": "Individual",
        "when": "Immediately",
        "save_as": "embedded_data",
        "first_name": "${m://FirstName}",
        "last_name": "${m://LastName}",
        "email": "${m://Email}",
        "language": "contact",
        "from_address": "",
        "from_name": "",
        "reply_to": "",
        "subject": "",
    }
