"""The E-mail task (qualtrics-product.md 4.4): at most 30 addresses, copies, a delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.email.rules import (
    COPIES_MOST,
    TO_MOST,
    check_addresses,
    is_address,
    read_delay,
)
from opulse.experience.workflows import (
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskState,
    TaskWaits,
)
from opulse.experience.workflows.flow.mailing import Letter, MessageRefused, send_letter, split_addresses
from opulse.experience.workflows.models import MailEnd
from opulse.experience.workflows.views import list_task_runs, note_task
from opulse.jobs import JobRetry
from opulse.ports import Ports


class SendEmail:
    """E-mail."""

    type = "email"
    title = "E-mail"
    account_fields: Sequence[FormField] = ()
    form: Sequence[FormField] = (
        FormField(
            "to", "To", FieldKind.PIPED, help=f"At most {TO_MOST} addresses, with commas between them."
        ),
        FormField("cc", "Cc", FieldKind.PIPED, required=False),
        FormField("bcc", "Bcc", FieldKind.PIPED, required=False),
        FormField("from_name", "From Name", FieldKind.PIPED, required=False),
        FormField("reply_to", "Reply-To Email", FieldKind.PIPED, required=False),
        FormField("subject", "Subject", FieldKind.PIPED),
        FormField("message", "Message", FieldKind.LONG),
        FormField(
            "delay_minutes",
            "Delay (minutes)",
            required=False,
            help="Conditions are not looked at again after a delay: the task Wait and check again does that.",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = check_addresses("To", split_addresses(str(form["to"])), TO_MOST)
        for name, label in (("cc", "Cc"), ("bcc", "Bcc")):
            problems += check_addresses(label, split_addresses(str(form.get(name) or "")), COPIES_MOST)
        problems += check_addresses("Reply-To Email", split_addresses(str(form.get("reply_to") or "")), 1)
        try:
            read_delay(form)
        except ValueError as error:
            problems.append(str(error))
        return problems

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Send the copies that were not sent by an earlier try."""
        form = context.form
        until = context.begun_at + read_delay(form)
        if ports.clock.now() < until:
            raise TaskWaits(until, "the mail's delay")
        letter = _letter(context)
        problems = check_addresses("To", letter.to, TO_MOST) + check_addresses("Cc", letter.cc, COPIES_MOST)
        problems += check_addresses("Bcc", letter.bcc, COPIES_MOST)
        if not letter.to:
            problems.append("To is empty: check what is piped into it")
        if letter.reply_to and not is_address(letter.reply_to):
            problems.append(f"Reply-To Email: {letter.reply_to} is no e-mail address")
        if problems:
            return TaskResult(TaskState.FAILED, {}, "; ".join(problems))
        rows = await ports.db.read(list_task_runs, context.tenant, context.run)
        before = next((row.output for row in rows if row.id == context.task_run), {})
        done: dict[str, str] = dict(before.get("copies") or {})
        try:
            await send_letter(ports, context.tenant, letter, done)
        except MessageRefused as error:
            return TaskResult(TaskState.FAILED, {}, f"the mail cannot be written: {error}")
        except JobRetry as again:
            await ports.db.write(note_task, context.tenant, context.task_run, {"copies": done}, str(again))
            raise
        return _result(done)


def _letter(context: TaskContext) -> Letter:
    form = context.form
    to, cc, bcc = (split_addresses(form.get(name) or "") for name in ("to", "cc", "bcc"))
    return Letter(
        context.task_run.replace("_", "."),
        " ".join(str(form["subject"]).split()),
        str(form["message"]),
        to,
        cc,
        bcc,
        str(form.get("from_name") or ""),
        str(form.get("reply_to") or "").strip(),
    )


def _result(done: Mapping[str, str]) -> TaskResult:
    good = (MailEnd.ACCEPTED.value, MailEnd.UNKNOWN.value)
    failed = [address for address, end in done.items() if end not in good]
    output = {"sent": len(done) - len(failed), "copies": dict(done)}
    if failed:
        words = ", ".join(f"{address} ({done[address].replace('_', ' ')})" for address in failed[:5])
        return TaskResult(
            TaskState.FAILED, output, f"{len(failed)} of {len(done)} copies were not sent: {words}"
        )
    return TaskResult(TaskState.SUCCEEDED, output)


EXTENSION = Extension(
    name="email", title="E-mail", help="Sends a mail to addresses.", tasks=(SendEmail(),), built_in=True
)
