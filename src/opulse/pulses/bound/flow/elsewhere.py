"""The way to a real product: the account that signs in there, and the workflow that takes the webhook on this side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from opulse.bridges.qualtrics import QualtricsRefused, base_url
from opulse.experience.directory.models import MailingList
from opulse.experience.extensions.operational_pulse.rules import MAIL_FIELDS
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow import definitions
from opulse.experience.workflows.flow.addresses import JSON_EVENT
from opulse.experience.workflows.models import Workflow
from opulse.experience.workflows.rules.domains import host_of, may_call
from opulse.ports import Ports
from opulse.pulses.bound.flow.shared import (
    EXTENSION,
    allow_own_host,
    open_accounts,
    own_addresses,
    receiving_document,
)
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import (
    AskedAt,
    Part,
    PartKind,
    Pulse,
    PulseDraft,
    PulseFault,
    PulseProblem,
    PulseRefused,
    SensorsAt,
)
from opulse.pulses.bound.rules import asking_form, compare
from opulse.tenancy import find_tenant
from opulse.tenancy.models import Tenant

_SIGNS_IN = (("qualtrics_api_token",), ("qualtrics_client_secret",))


def chosen_account(work: Work, draft: PulseDraft) -> Part:
    """The account, which an administrator has made with all that its sides need.

    Raises:
        PulseRefused: it is not there, or lacks something; the text says what.
    """
    found = workflows.find_account(work.conn, work.tenant, draft.where.account)
    if found is None or found["extension"] != EXTENSION:
        raise _refused("This account is not there any more; choose another one.")
    if draft.where.sensors is SensorsAt.HERE:
        _opens_here(work, found["fields"])
    if draft.where.asked is AskedAt.QUALTRICS:
        _opens_qualtrics(work, found["fields"], found["sealed"])
    return Part(PartKind.ACCOUNT, draft.where.account, made=False)


def asker_said(ports: Ports, tenant: Tenant, draft: PulseDraft) -> dict[str, str]:
    """What the pulse says of the workflow that asks at Qualtrics, in words."""
    form = _form(ports, tenant, draft, None)
    return {"Name": asker_name(draft), "Account": draft.where.account, **_labelled(form)}


def read_asker(found: Workflow) -> dict[str, str]:
    """The same of what is there."""
    task = next((one for one in found.document.tasks if one.type == EXTENSION), None)
    form = task.form if task else {}
    return {
        "Name": found.document.name,
        "Account": task.account if task else "",
        **_labelled({name: str(form.get(name) or "") for name in _LABELS}),
    }


def asker_name(draft: PulseDraft) -> str:
    return f"Ask at Qualtrics: {draft.name}"


def save_asker_in(work: Work, draft: PulseDraft, account: Part, part: Part | None) -> tuple[Workflow, Part]:
    """The workflow that takes this pulse's alarms alone and asks their people with a survey at Qualtrics."""
    here = {one.id: one for one in workflows.list_workflows(work.conn, work.tenant)}
    found = here.get(part.id) if part else None
    tenant = _tenant(work)
    form = _form(work.ports, tenant, draft, None)
    if found is None or part is None:
        document = receiving_document(asker_name(draft), account.id, form)
        made = definitions.create_workflow_in(
            work.conn, work.ports, work.tenant, document, work.actor, enabled=True
        )
        return made, Part(PartKind.RECEIVER, made.id, made=True)
    if compare(asker_said(work.ports, tenant, draft), read_asker(found)):
        document = receiving_document(asker_name(draft), account.id, form, found.document)
        found = definitions.change_workflow_in(
            work.conn, work.ports, work.tenant, found.id, document, work.actor
        )
    return found, part


def switch_in(work: Work, found: Workflow, enabled: bool) -> None:
    if found.enabled != enabled:
        definitions.switch_workflow_in(work.conn, work.tenant, found.id, enabled, work.actor, work.now)


def ensure_receiver_in(
    work: Work, draft: PulseDraft, mailing_list: MailingList, account: Part, known: Iterable[Pulse]
) -> tuple[Workflow, Part]:
    """The workflow that a real SysTrack tells, shared by the pulses of one list; one that somebody made by hand does."""
    here = {one.id: one for one in workflows.list_workflows(work.conn, work.tenant)}
    form = _form(work.ports, _tenant(work), draft, mailing_list)
    parts = [one.parts[PartKind.RECEIVER] for one in known if PartKind.RECEIVER in one.parts]
    kept = next((part for part in parts if part.id in here), None)
    if kept is not None:
        found = here[kept.id]
        if not receives(found, draft, account.id):
            document = receiving_document(found.document.name, account.id, form, found.document)
            found = definitions.change_workflow_in(
                work.conn, work.ports, work.tenant, found.id, document, work.actor
            )
        switch_in(work, found, True)
        return found, kept
    for workflow in here.values():
        if workflow.enabled and receives(workflow, draft, account.id):
            return workflow, Part(PartKind.RECEIVER, workflow.id, made=False)
    name = f"Receive SysTrack notifications: {mailing_list.name}"
    document = receiving_document(name, account.id, form)
    made = definitions.create_workflow_in(
        work.conn, work.ports, work.tenant, document, work.actor, enabled=True
    )
    return made, Part(PartKind.RECEIVER, made.id, made=True)


def receives(workflow: Workflow, draft: PulseDraft, account: str) -> bool:
    """Whether it takes this SysTrack's webhook, and writes the alarm on contacts of the pulse's list."""
    wanted = {"cloud_url": draft.where.cloud_url, "list_id": draft.mailing_list}
    return workflow.document.trigger.type == JSON_EVENT and any(
        task.type == EXTENSION
        and task.account == account
        and all(task.form.get(name) == value for name, value in wanted.items())
        for task in workflow.document.tasks
    )


_LABELS = {
    "token_url": "Token URL",
    "cloud_url": "Cloud URL",
    "client_id": "Client ID",
    "qualtrics_directory": "Qualtrics Directory ID",
    **{f"qualtrics_{name}": label for name, label in MAIL_FIELDS.items()},
}


def _labelled(form: Mapping[str, str]) -> dict[str, str]:
    return {label: form.get(name, "") for name, label in _LABELS.items()}


def _tenant(work: Work) -> Tenant:
    found = find_tenant(work.conn, work.tenant)
    assert found is not None, "the caller is of this tenant"
    return found


def _form(
    ports: Ports, tenant: Tenant, draft: PulseDraft, mailing_list: MailingList | None
) -> dict[str, str]:
    """The task's fields but the two of the event. ``mailing_list`` None: the directory is at Qualtrics."""
    where = draft.where
    form = {"token_url": where.token_url, "cloud_url": where.cloud_url, "client_id": where.client_id}
    if where.sensors is SensorsAt.HERE:
        form = own_addresses(ports, tenant)
    if mailing_list is None:
        return {**form, **asking_form(draft)}
    into = {"list_id": mailing_list.id, "directory_id": mailing_list.directory, "directory_at": "here"}
    return {**form, **into}


def _opens_here(work: Work, fields: Mapping[str, str]) -> None:
    if fields.get("systrack_api_account") not in open_accounts(work):
        raise _refused(
            "This account does not sign in here: make a service account on the page Service Accounts, "
            "and type its user name and password into the account."
        )
    allow_own_host(work)


def _opens_qualtrics(work: Work, fields: Mapping[str, str], sealed: Mapping[str, str]) -> None:
    if not fields.get("qualtrics_place"):
        raise _refused("This account names no Qualtrics data centre: type it into the account.")
    if not any(all(sealed.get(name) for name in names) for names in _SIGNS_IN):
        raise _refused("This account has neither an API token nor an OAuth client of Qualtrics.")
    try:
        base = base_url(fields["qualtrics_place"])
    except QualtricsRefused as refused:
        raise _refused(f"The account's Qualtrics data centre: {refused}.") from refused
    if not may_call(base, _domains(work)):
        raise _refused(
            f"{host_of(base)} may not be called by the extension Operational Pulse: an administrator allows it "
            "on the page Extensions."
        )


def _domains(work: Work) -> Sequence[str]:
    return workflows.list_installs(work.conn, work.tenant).get(EXTENSION, [])


def _refused(text: str) -> PulseRefused:
    return PulseRefused((PulseProblem("where.account", PulseFault.WHERE, text),))
