"""Wait, then check again: users of the product ask for it, whose conditions are judged when the event comes and never after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.wait.rules import UNITS, read_duration
from opulse.experience.workflows import (
    ConditionGroup,
    Extension,
    FieldKind,
    FormField,
    Gate,
    TaskContext,
    TaskResult,
    TaskState,
    TaskWaits,
)
from opulse.experience.workflows.flow.gates import recheck_gate_in
from opulse.ports import Ports


class WaitAndRecheck:
    """Wait and check again. Without conditions it only waits."""

    type = "wait"
    title = "Wait and check again"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField("amount", "How long", default="10"),
        FormField(
            "unit", "Unit", FieldKind.CHOICE, choices=tuple((name, name) for name in UNITS), default="minutes"
        ),
        FormField(
            "conditions",
            "Conditions, evaluated again after the wait",
            FieldKind.CONDITIONS,
            required=False,
            help="They read what contacts have then; the previous value is that of the event. None: everybody goes on.",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        try:
            read_duration(form.get("amount") or "10", form.get("unit") or "minutes")
        except ValueError as error:
            return [str(error)]
        return []

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Nothing before its time; then who goes on, by the values of that moment."""
        form = context.form
        try:
            duration = read_duration(form.get("amount") or "10", form.get("unit") or "minutes")
        except ValueError as error:
            return TaskResult(TaskState.FAILED, {}, str(error))
        until = context.begun_at + duration
        now = ports.clock.now()
        if now < until:
            raise TaskWaits(until, "the workflow waits here, as its author chose")
        group = ConditionGroup.model_validate(form.get("conditions") or {})
        if not group.items:
            return TaskResult(TaskState.SUCCEEDED, gate=Gate(True, context.selection), waited=True)
        gate = await ports.db.write(recheck_gate_in, context, group, now)
        chosen, asked = gate.selection, context.selection
        output = {} if chosen is None or asked is None else {"contacts": chosen.count, "of": asked.count}
        return TaskResult(
            TaskState.SUCCEEDED, {"conditions_hold": gate.is_open, **output}, gate=gate, waited=True
        )


EXTENSION = Extension(
    name="wait",
    title="Wait",
    help="Let time pass, then go on only where conditions hold by then.",
    tasks=(WaitAndRecheck(),),
    built_in=True,
)
