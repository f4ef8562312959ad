"""The buttons: each does what a person would do on a page, by the same flow, so it is checked and audited the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory.models import ChangeKind
from opulse.experience.workflows.flow.definitions import change_workflow_in, switch_workflow_in
from opulse.experience.workflows.models import Condition, Operator, WorkflowDocument
from opulse.experience.workflows.views import find_workflow
from opulse.monitoring.notifications.flow.reading import find_notification
from opulse.monitoring.recipients.flow.disabling import enable_in
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import facts_in
from opulse.pulses.doctor.models import Action, Button, MendGone
from opulse.pulses.doctor.rules import examine
from opulse.pulses.doctor.rules.pairing import ALARM, fold, lines_of, names_of


async def mend(ports: Ports, tenant: int, button: Button, actor: str) -> None:
    """Press it. The finding is looked for again in the same unit: nothing is changed that somebody mended meanwhile.

    Raises:
        MendGone: no finding offers this button now.
        WorkflowProblem: the workflow cannot be saved, for another reason.
    """
    await ports.db.write(_mend_in, ports, tenant, button, actor, ports.clock.now())


def _mend_in(conn: Connection, ports: Ports, tenant: int, button: Button, actor: str, now: datetime) -> None:
    if button not in {finding.button for finding in examine(facts_in(conn, ports, tenant))}:
        raise MendGone("this was mended meanwhile, or changed: look again")
    match button.action:
        case Action.SWITCH_ON:
            switch_workflow_in(conn, tenant, button.target, True, actor, now)
        case Action.ENABLE_RECIPIENT:
            enable_in(conn, tenant, actor, button.target, now)
        case Action.LISTEN:
            document = _document(conn, tenant, button.target)
            kinds = {*document.trigger.form["kinds"], ChangeKind.UPDATED.value, ChangeKind.CREATED.value}
            form = {**document.trigger.form, "kinds": [kind.value for kind in ChangeKind if kind in kinds]}
            trigger = document.trigger.model_copy(update={"form": form})
            changed = document.model_copy(update={"trigger": trigger})
            change_workflow_in(conn, ports, tenant, button.target, changed, actor)
        case Action.ADD_SENSORS:
            changed = _with_sensors(conn, tenant, button)
            change_workflow_in(conn, ports, tenant, button.target, changed, actor)


def _with_sensors(conn: Connection, tenant: int, button: Button) -> WorkflowDocument:
    document = _document(conn, tenant, button.target)
    notification = find_notification(conn, tenant, button.other)
    assert notification is not None, "a finding of this unit names it"
    named = {
        fold(name)
        for line in lines_of(document.conditions)
        if line.field == ALARM
        for name in (line.operand if isinstance(line.operand, list) else [line.operand])
    }
    missing = [name for key, name in names_of(notification).items() if key not in named]
    added = [Condition(field=ALARM, operator=Operator.CONTAINS, operand=name) for name in missing]
    group = document.conditions.model_copy(update={"items": [*document.conditions.items, *added]})
    return document.model_copy(update={"conditions": group})


def _document(conn: Connection, tenant: int, workflow: str) -> WorkflowDocument:
    found = find_workflow(conn, tenant, workflow)
    assert found is not None, "a finding of this unit names it"
    return found.document
