"""The Slack and Teams tasks. The webhook's address is the secret, so it lies in an account and is never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.chat.rules import slack_body, teams_body
from opulse.experience.workflows import Extension, FieldKind, FormField, TaskContext, TaskResult, TaskState
from opulse.jobs import JobRetry
from opulse.outbound import AddressRefused, AnswerTooLarge, OutboundError
from opulse.outbound.retry import parse_retry_after
from opulse.ports import Ports

RETRY_SECONDS = 5.0
RETRY_MOST = 900.0
_WEBHOOK = FormField("webhook_url", "Address of the incoming webhook", FieldKind.SECRET)


class PostToSlack:
    """Slack."""

    type = "chat.slack"
    title = "Slack message"
    account_fields: Sequence[FormField] = (_WEBHOOK,)
    form: Sequence[FormField] = (FormField("message", "Message", FieldKind.LONG),)

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        return []

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        return await _post(ports, context, slack_body(str(context.form["message"])))


class PostToTeams:
    """Microsoft Teams."""

    type = "chat.teams"
    title = "Teams message"
    account_fields: Sequence[FormField] = (_WEBHOOK,)
    form: Sequence[FormField] = (
        FormField("title", "Title", FieldKind.PIPED, required=False),
        FormField("message", "Message", FieldKind.LONG),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        return []

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        form = context.form
        return await _post(ports, context, teams_body(str(form.get("title") or ""), str(form["message"])))


async def _post(ports: Ports, context: TaskContext, body: Mapping[str, Any]) -> TaskResult:
    """Post it. The address is in no error: whoever reads the run history must not learn it."""
    url = context.account.get("webhook_url", "").strip()
    try:
        answer = await ports.http.request(
            "POST", url, headers={"Content-Type": "application/json"}, content=json.dumps(body).encode()
        )
    except AddressRefused as error:
        return TaskResult(TaskState.FAILED, {}, f"the webhook's address is refused: {error.reason.value}")
    except AnswerTooLarge:
        return TaskResult(TaskState.FAILED, {}, "the webhook's answer is too large to be one")
    except OutboundError as error:
        raise JobRetry(RETRY_SECONDS, f"the channel cannot be reached: {type(error).__name__}") from error
    if answer.status == 429 or answer.status >= 500:
        asked = parse_retry_after(answer.headers.get("retry-after"), ports.clock.now())
        pause = RETRY_SECONDS if asked is None else min(asked, RETRY_MOST)
        raise JobRetry(pause, f"the webhook answered {answer.status}")
    if answer.status >= 300:
        words = {404: "the webhook is gone: make a new one", 403: "the webhook is not allowed to post"}
        why = words.get(answer.status, "check the account")
        return TaskResult(TaskState.FAILED, {"status": answer.status}, f"answered {answer.status}: {why}")
    return TaskResult(TaskState.SUCCEEDED, {"status": answer.status})


EXTENSION = Extension(
    name="chat",
    title="Slack and Teams",
    help="Posts a message into a channel.",
    tasks=(PostToSlack(), PostToTeams()),
    built_in=True,
)
