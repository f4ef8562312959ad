"""The Web service task's form and account, and the task itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.experience.extensions.web_service.flow import make_call
from opulse.experience.extensions.web_service.models import METHODS, BodyType, CallRefused, WebAuth
from opulse.experience.extensions.web_service.rules import build_call, check_form, read_answer
from opulse.experience.workflows import Extension, FieldKind, FormField, TaskContext, TaskResult, TaskState
from opulse.ports import Ports


class CallWebService:
    """Web service. Redirects are answers and are never followed; a status from 400 on is a failure."""

    type = "web_service"
    title = "Web service"
    account_fields: Sequence[FormField] = (
        FormField("host", "Host", help="The only host that is told the secret, for example api.example.com."),
        FormField("user", "User name or client ID", required=False, help="For Basic and OAuth."),
        FormField("secret", "Password, API key or client secret", FieldKind.SECRET),
        FormField("header", "Header of the API key", required=False, help="X-API-TOKEN when empty."),
        FormField("token_url", "Token URL", required=False, help="For OAuth client credentials."),
        FormField("scope", "Scope", required=False, help="For OAuth."),
    )
    form: Sequence[FormField] = (
        FormField(
            "method", "Method", FieldKind.CHOICE, choices=tuple((one, one) for one in METHODS), default="POST"
        ),
        FormField("url", "URL", FieldKind.ADDRESS),
        FormField(
            "authentication",
            "Authentication",
            FieldKind.CHOICE,
            choices=(
                (WebAuth.NONE.value, "None"),
                (WebAuth.BASIC.value, "Basic"),
                (WebAuth.API_KEY.value, "API key"),
                (WebAuth.OAUTH.value, "OAuth client credentials"),
            ),
            default=WebAuth.NONE.value,
        ),
        FormField("headers", "Headers", FieldKind.PAIRS, required=False),
        FormField(
            "body_type",
            "Body",
            FieldKind.CHOICE,
            choices=(
                (BodyType.NONE.value, "None"),
                (BodyType.JSON.value, "JSON"),
                (BodyType.FORM.value, "URL-encoded: the parameters below"),
                (BodyType.XML.value, "XML"),
                (BodyType.PLAIN.value, "Plain text"),
            ),
            default=BodyType.JSON.value,
        ),
        FormField(
            "body",
            "Body text",
            FieldKind.BODY,
            required=False,
            help="Values that are inserted are escaped for JSON and XML.",
        ),
        FormField("parameters", "Parameters", FieldKind.PAIRS, required=False),
        FormField(
            "response_fields",
            "Fields of the answer",
            FieldKind.PATHS,
            required=False,
            help="Names for parts of a JSON answer, for later tasks.",
        ),
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        return check_form(form)

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Send it once more after a crash: the other side tells repeats apart by the Idempotency-Key."""
        form = context.form
        try:
            call = build_call(form)
            call.headers.setdefault("Idempotency-Key", context.task_run)
            auth = WebAuth(str(form.get("authentication") or "none"))
            answer = await make_call(ports, call, auth, context.account)
        except CallRefused as refused:
            return TaskResult(TaskState.FAILED, {}, str(refused))
        output = read_answer(answer.status, answer.body, list(form.get("response_fields") or []))
        if answer.status >= 300:
            words = answer.body[:300].decode("utf-8", "replace").replace("\x00", "\ufffd")
            return TaskResult(TaskState.FAILED, output, f"answered {answer.status}: {words}".rstrip(": "))
        return TaskResult(TaskState.SUCCEEDED, output)

    def output_names(self, form: Mapping[str, Any]) -> list[str]:
        """What later tasks may pipe."""
        return ["status", *(str(row["name"]) for row in form.get("response_fields") or [] if row.get("name"))]


EXTENSION = Extension(
    name="web_service",
    title="Web service",
    help="Calls an address on the internet, and keeps parts of its answer for later tasks.",
    tasks=(CallWebService(),),
    built_in=True,
)
