"""Open a ticket in a help desk: a complete extension of Operational Pulse in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows import (
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskState,
)
from opulse.jobs import JobRetry
from opulse.outbound import AddressRefused, OutboundError
from opulse.ports import Ports


class OpenTicket:
    """One task. Its form is drawn, checked and stored by the product; here is what is special about it."""

    type = "ticket.open"  # stays the same for ever: workflows are stored with it
    title = "Open a ticket"
    account_fields: Sequence[FormField] = (
        FormField(
            "address", "Address of the help desk", help="For example https://desk.example.com/api/tickets"
        ),
        FormField("key", "API key", FieldKind.SECRET),
    )
    form: Sequence[FormField] = (
        FormField("summary", "Summary", FieldKind.PIPED),
        FormField("text", "Description", FieldKind.LONG, required=False),
        FormField(
            "priority",
            "Priority",
            FieldKind.CHOICE,
            choices=(("low", "Low"), ("high", "High")),
            default="low",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        """What is wrong with the form, each beginning with the field's label; nothing: it can be saved."""
        return ["Priority is low or high"] if form.get("priority", "low") not in ("low", "high") else []

    def output_names(self, form: Mapping[str, Any]) -> list[str]:
        """What later tasks may insert."""
        return ["number"]

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Post it. ``ports.http`` calls the accepted hosts only. The key is the same at every try, so a repeat opens nothing."""
        ticket = {
            "summary": context.form["summary"],
            "text": context.form.get("text", ""),
            "priority": context.form.get("priority", "low"),
        }
        headers = {
            "Authorization": f"Bearer {context.account['key']}",
            "Content-Type": "application/json",
            "Idempotency-Key": context.task_run,
        }
        try:
            answer = await ports.http.request(
                "POST", context.account["address"], headers=headers, content=json.dumps(ticket).encode()
            )
        except AddressRefused as error:  # not an accepted host, or an address that nobody may call
            return TaskResult(TaskState.FAILED, {}, str(error))
        except OutboundError as error:  # no answer: another try is worth it
            raise JobRetry(10.0, f"the help desk cannot be reached: {error}") from error
        if answer.status == 429 or answer.status >= 500:
            raise JobRetry(10.0, f"the help desk answered {answer.status}")
        if answer.status >= 300:
            return TaskResult(
                TaskState.FAILED, {}, f"the help desk answered {answer.status}: check the account"
            )
        return TaskResult(TaskState.SUCCEEDED, {"number": json.loads(answer.body).get("number", "")})


EXTENSION = Extension(
    name="ticket",
    title="Tickets",
    help="Opens a ticket in your help desk.",
    tasks=(OpenTicket(),),
    domains=("desk.example.com",),
)
