"""The task's form and account, as the guide's pages ask for them, and the task itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from opulse.bridges.qualtrics import QualtricsRefused, base_url
from opulse.bridges.systrack import FetchRefused, TokenKeeper
from opulse.experience.directory import views as directory
from opulse.experience.extensions.operational_pulse import store
from opulse.experience.extensions.operational_pulse.asking_fields import ASKING_FIELDS
from opulse.experience.extensions.operational_pulse.flow.handing import account_of
from opulse.experience.extensions.operational_pulse.flow.waves import Look, arrange_in, current_url, take_all
from opulse.experience.extensions.operational_pulse.rules import (
    qualtrics_mail,
    qualtrics_target,
    sensor_names,
    target_problems,
)
from opulse.experience.workflows import (
    Extension,
    FieldKind,
    FormField,
    TaskContext,
    TaskResult,
    TaskState,
    views,
)
from opulse.experience.workflows.rules.domains import host_of, may_call
from opulse.ports import Ports
from opulse.templating.piped import parse_piped
from opulse.wire.affected import is_systems_tag

NAME = "operational_pulse"
KEY = "systrack_api_key"
_CALLED = {"token_url": "Token URL", "cloud_url": "Cloud URL"}
_TYPED = {"token_url": "Token URL", "cloud_url": "Cloud URL", "client_id": "Client ID"}

KEEPER = TokenKeeper()
"""This process's tokens."""


class UpdateContactMetadata:
    """Operational Pulse – Update Contact Metadata."""

    type = "operational_pulse"
    title = "Operational Pulse: Update Contact Metadata"
    account_fields: Sequence[FormField] = (
        FormField(
            "api_token",
            "API Token",
            FieldKind.SECRET,
            help="Password of the SysTrack service account.",
            unless=KEY,
        ),
        FormField(
            "systrack_api_account",
            "SysTrack API Account",
            help="User name of the SysTrack service account.",
            unless=KEY,
        ),
        FormField(
            KEY,
            "SysTrack API key",
            FieldKind.SECRET,
            required=False,
            help="Instead of the service account: sent as systrack-api-key. Keys end after up to 180 days.",
        ),
        FormField(
            "qualtrics_place",
            "Qualtrics data centre",
            required=False,
            help="Only for a directory at Qualtrics: fra1, or an address such as brand.fra1.qualtrics.com.",
        ),
        FormField("qualtrics_api_token", "Qualtrics API token", FieldKind.SECRET, required=False),
        FormField(
            "qualtrics_client_id",
            "Qualtrics OAuth client ID",
            required=False,
            help="In place of the API token; it then needs the scopes that the guide for a real Qualtrics names.",
        ),
        FormField(
            "qualtrics_client_secret", "Qualtrics OAuth client secret", FieldKind.SECRET, required=False
        ),
    )
    form: Sequence[FormField] = (
        FormField("systems_url", "Systems URL", FieldKind.PIPED),
        FormField("sensor_names", "Sensor Names", FieldKind.PIPED),
        FormField(
            "token_url",
            "Token URL",
            help="From the Tenant Information page of the monitoring side; not needed with an API key.",
            unless=KEY,
        ),
        FormField("cloud_url", "Cloud URL", help="For example cloud.lakesidesoftware.com."),
        FormField(
            "client_id",
            "Client ID",
            help="From the Tenant Information page of the monitoring side; not needed with an API key.",
            unless=KEY,
        ),
        FormField("list_id", "List ID", FieldKind.LIST, required=False),
        FormField("directory_id", "Directory ID", FieldKind.DIRECTORY, required=False),
        FormField(
            "create_contacts",
            "Make contacts for people who have none",
            FieldKind.SWITCH,
            required=False,
            default="false",
        ),
        FormField(
            "directory_at",
            "The directory is",
            FieldKind.CHOICE,
            required=False,
            choices=(("here", "Here"), ("qualtrics", "At the Qualtrics of the account")),
            default="here",
            help="At Qualtrics, its own workflows ask the people; give its two IDs below in place of those above.",
        ),
        FormField(
            "qualtrics_directory", "Qualtrics Directory ID", required=False, help="POOL_ and 15 characters."
        ),
        FormField("qualtrics_list", "Qualtrics List ID", required=False, help="CG_ and 15 characters."),
        *ASKING_FIELDS,
    )

    def check_in(self, conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
        problems = [
            f"{label} is typed here, never taken from the event: whoever posts the event could collect the password"
            for name, label in _TYPED.items()
            if parse_piped(str(form.get(name) or "")).slots
        ]
        target = qualtrics_target(form)
        problems += (
            _own_problems_in(conn, tenant, form)
            if target is None
            else target_problems(target, qualtrics_mail(form))
        )
        return problems + _outside_in(conn, tenant, form)

    async def run(self, ports: Ports, context: TaskContext) -> TaskResult:
        """Take the snapshot as wave 1; later waves follow while the activation is open."""
        if not sensor_names(context.form["sensor_names"]):
            return TaskResult(TaskState.FAILED, {}, "Sensor Names is empty: check the JSON field's path")
        url = str(context.form["systems_url"])
        if not url.startswith(("https://", "http://")):
            return TaskResult(
                TaskState.FAILED, {}, "Systems URL is not an address: check the JSON field's path"
            )
        outside = await ports.db.read(_outside_in, context.tenant, context.form)
        if outside:
            return TaskResult(TaskState.FAILED, {}, "; ".join(outside))
        wrong = await ports.db.read(_qualtrics_problem_in, context.tenant, context)
        if wrong:
            return TaskResult(TaskState.FAILED, {}, wrong)
        try:
            look = await take_all(ports, KEEPER, context, url, 1)
        except FetchRefused as refused:
            return TaskResult(TaskState.FAILED, {}, str(refused))
        return TaskResult(TaskState.SUCCEEDED, await ports.db.write(_output_in, ports, context, look))


def _own_problems_in(conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
    """What is wrong with the directory and the list, where they are ours."""
    missing = [
        f"{label} is missing"
        for name, label in (("list_id", "List ID"), ("directory_id", "Directory ID"))
        if not form.get(name)
    ]
    if missing:
        return missing
    if directory.find_directory(conn, tenant, str(form["directory_id"])) is None:
        return ["Directory ID names no directory"]
    found = directory.find_list(conn, tenant, str(form["list_id"]))
    if found is None or found.directory != form["directory_id"]:
        return ["List ID names no mailing list of that directory"]
    return []


def _qualtrics_problem_in(conn: Connection, tenant: int, context: TaskContext) -> str:
    """Why the account does not do for a directory at Qualtrics; empty: it does, or none is meant."""
    if qualtrics_target(context.form) is None:
        return ""
    account = account_of(context)
    if not account.api_token and not (account.client_id and account.client_secret):
        return "the account has neither an API token nor an OAuth client of Qualtrics"
    try:
        base = base_url(account.place)
    except QualtricsRefused as refused:
        return str(refused)
    domains = views.list_installs(conn, tenant).get(NAME, [])
    if not may_call(base, domains):
        return f"{host_of(base)} may not be called by this extension: an administrator allows it on the page Extensions"
    return ""


def _output_in(conn: Connection, ports: Ports, context: TaskContext, look: Look) -> dict[str, Any]:
    output: dict[str, Any] = store.count_reach(conn, context.tenant, context.task_run)
    if look.is_open and current_url(context):
        # ours tells the same at both addresses, so even the first look costs nothing where nobody joined
        known = look.tag if is_systems_tag(look.tag) else ""
        output["next_wave_at"] = arrange_in(conn, ports, context, 1, known)
    return output


def _outside_in(conn: Connection, tenant: int, form: Mapping[str, Any]) -> list[str]:
    """Which of the typed addresses an administrator has not let this extension call."""
    domains = views.list_installs(conn, tenant).get(NAME, [])
    return [
        f"{label} leads to {host_of(str(form[name])) or 'no host'}, which this extension may not call: an administrator "
        "allows it on the page Extensions"
        for name, label in _CALLED.items()
        if form.get(name) and not may_call(str(form[name]), domains)
    ]


EXTENSION = Extension(
    name=NAME,
    title="Operational Pulse",
    help="Fetches the systems that an activation affects and writes lastAlarm on their users' contacts.",
    tasks=(UpdateContactMetadata(),),
    domains=("*",),
)
