"""The notification task: tell the service desk when a share of those who answered cannot work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.tell_desk.models import DeskDecision
from opulse.experience.extensions.tell_desk.rules import decide_desk, read_rule
from opulse.experience.surveys.recommended import IMPACT_QUESTION, Impact
from opulse.experience.workflows import (
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskState,
    TaskWaits,
)
from opulse.experience.workflows.doors import answers_door
from opulse.experience.workflows.flow.mailing import Letter, MessageRefused, send_letter, split_addresses
from opulse.experience.workflows.views import list_task_runs, note_task
from opulse.jobs import JobRetry
from opulse.ports import Ports

LOOK_AGAIN = timedelta(minutes=1)
TO_MOST = 30


class TellTheDesk:
    """Tell the desk. It looks once a minute, and tells once."""

    type = "tell_desk"
    title = "Notification: tell the desk"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField(
            "to", "To", FieldKind.PIPED, help="Addresses of the service desk, with commas between them."
        ),
        FormField("percent", "Share (percent)", default="20", help="Of those who answered."),
        FormField("fewest", "At least so many answers", default="5", help="Fewer say too little."),
        FormField(
            "within_minutes", "Look for (minutes)", default="60", help="Counted from the task's beginning."
        ),
        FormField(
            "question",
            "Question",
            default=IMPACT_QUESTION,
            help="The id of the survey's question; QID1 of the recommended survey asks how the problem affects work.",
        ),
        FormField(
            "choices",
            "Choices that count",
            FieldKind.NAMES,
            default=Impact.CANNOT_WORK.value,
            help="Ids of choices; 4 of the recommended survey: cannot work at all.",
        ),
        FormField(
            "subject", "Subject", FieldKind.PIPED, required=False, help="Empty: what was found, in words."
        ),
        FormField("message", "Message", FieldKind.LONG, required=False, help="Stands above the numbers."),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = []
        try:
            read_rule(form)
        except ValueError as error:
            problems.append(str(error))
        if not 0 < len(split_addresses(str(form["to"]))) <= TO_MOST:
            problems.append(f"To takes 1 to {TO_MOST} addresses")
        return problems

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Look; tell, or look again in a minute, or end without telling."""
        door = answers_door()
        if door is None:
            return TaskResult(TaskState.FAILED, {}, "this process knows no answers")
        if not context.activation:
            return TaskResult(TaskState.FAILED, {}, "the event of this workflow belongs to no activation")
        form, rule = context.form, read_rule(context.form)
        choices = [str(one) for one in form.get("choices") or [Impact.CANNOT_WORK.value]]
        question = str(form.get("question") or IMPACT_QUESTION)
        share = await ports.db.read(door, context.tenant, context.activation, question, choices)
        now = ports.clock.now()
        output = {"answers": share.answers, "counted": share.counted, "percent": round(share.percent, 1)}
        decision = decide_desk(rule, share.answers, share.percent, now - context.begun_at, ports.limits.cell)
        if decision is DeskDecision.WAIT:
            raise TaskWaits(now + LOOK_AGAIN, f"{share.counted} of {share.answers} answers so far")
        if decision is DeskDecision.LEAVE:
            return TaskResult(TaskState.SUCCEEDED, output | {"told": False})
        return await _tell(ports, context, output)

    def output_names(self, form: Mapping[str, Any]) -> list[str]:
        """What later tasks may pipe."""
        return ["told", "answers", "counted", "percent"]


async def _tell(ports: Ports, context: TaskContext, output: dict[str, Any]) -> TaskResult:
    form = context.form
    found = f"{output['percent']:g} % of {output['answers']} people who answered cannot work"
    lines = [str(form.get("message") or ""), "", f"{found} ({output['counted']} people)."]
    lines.append(f"{ports.public_url}/activations/{context.activation}/journey")
    subject = " ".join(str(form.get("subject") or f"{context.workflow_name}: {found}").split())
    text = "\n".join(lines).strip() + "\n"
    letter = Letter(context.task_run.replace("_", "."), subject, text, split_addresses(str(form["to"])))
    rows = await ports.db.read(list_task_runs, context.tenant, context.run)
    before = next((row.output for row in rows if row.id == context.task_run), {})
    done: dict[str, str] = dict(before.get("copies") or {})
    try:
        await send_letter(ports, context.tenant, letter, done)
    except MessageRefused as error:
        return TaskResult(TaskState.FAILED, output, f"the mail cannot be written: {error}")
    except JobRetry as again:
        await ports.db.write(note_task, context.tenant, context.task_run, {"copies": done}, str(again))
        raise
    return TaskResult(TaskState.SUCCEEDED, output | {"told": True, "copies": done})


EXTENSION = Extension(
    name="tell_desk",
    title="Notification",
    help="Tells the service desk by mail when a share of those who answered cannot work.",
    tasks=(TellTheDesk(),),
    built_in=True,
)
