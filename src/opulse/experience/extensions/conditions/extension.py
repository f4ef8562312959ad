"""A block of conditions between tasks: what follows is done for those contacts only for whom it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows import (
    ConditionGroup,
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskState,
)
from opulse.experience.workflows.flow.gates import evaluate_gate_in
from opulse.ports import Ports


class ConditionsBlock:
    """Conditions. They read the values that the event brought, before and after, however long the tasks before them took."""

    type = "conditions"
    title = "Conditions"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (FormField("conditions", "Conditions", FieldKind.CONDITIONS, required=False),)

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        group = ConditionGroup.model_validate(form.get("conditions") or {})
        return [] if group.items else ["Conditions: add at least one condition"]

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Evaluate, and keep the trace."""
        group = ConditionGroup.model_validate(context.form["conditions"])
        gate = await ports.db.write(evaluate_gate_in, context, context.selection, group, ports.clock.now())
        chosen, asked = gate.selection, context.selection
        output = {} if chosen is None or asked is None else {"contacts": chosen.count, "of": asked.count}
        return TaskResult(TaskState.SUCCEEDED, {"conditions_hold": gate.is_open, **output}, gate=gate)


EXTENSION = Extension(
    name="conditions",
    title="Conditions",
    help="Go on only where conditions hold: for all contacts of the event, or some of them.",
    tasks=(ConditionsBlock(),),
    built_in=True,
)
