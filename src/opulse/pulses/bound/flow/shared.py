"""What pulses of one mailing list share: account, receiving workflow, key and webhook. The guide asks for one of each.

What somebody had made by hand before is used as it is, and never removed by a pulse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from opulse.experience.directory.models import MailingList
from opulse.experience.workflows import views as workflows
from opulse.experience.workflows.flow import accounts as accounts_flow
from opulse.experience.workflows.flow import definitions
from opulse.experience.workflows.flow.addresses import JSON_EVENT, trigger_url
from opulse.experience.workflows.models import TaskDefinition, TriggerDefinition, Workflow, WorkflowDocument
from opulse.monitoring.recipients.flow import disabling, saving
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    Recipient,
    RecipientDraft,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.ports import Ports
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import Part, PartKind, Pulse
from opulse.tenancy import find_tenant, views
from opulse.tenancy.flow.addresses import cloud_url, token_url
from opulse.tenancy.flow.keys import issue_key_in
from opulse.tenancy.flow.service_accounts import create_account_in
from opulse.tenancy.models import Key, KeyKind, Tenant
from opulse.wire.webhook import DEFAULT_BODY

EXTENSION = "operational_pulse"
TOKEN_HEADER = "X-API-TOKEN"  # noqa: S105  # the name of a header
SYSTEMS_URL, SENSOR_NAMES = "Systems URL", "Sensor Names"


def ensure_shared_in(work: Work, mailing_list: MailingList, known: Iterable[Pulse]) -> list[Part]:
    """The shared parts of this list, made or mended where they are not there. ``known``: pulses of the list, this one first."""
    before = known_parts(known)
    account = _account(work, before)
    receiver, made = _receiver(work, mailing_list, before, account)
    found = [account, Part(PartKind.RECEIVER, receiver.id, made)]
    return [*found, *ensure_recipient_in(work, mailing_list.name, receiver, before)]


def updates_list(workflow: Workflow, mailing_list: str) -> bool:
    """Whether it takes a webhook and writes the alarm on contacts of this list."""
    document = workflow.document
    tasks = (task for task in document.tasks if task.type == EXTENSION)
    return document.trigger.type == JSON_EVENT and any(
        task.form.get("list_id") == mailing_list and task.form.get("directory_at") != "qualtrics"
        for task in tasks
    )


def leads_to(recipient: Recipient, address: str) -> bool:
    """Whether the webhook posts to this very event."""
    return recipient.webhook is not None and recipient.webhook.url == address


def known_parts(known: Iterable[Pulse]) -> Mapping[PartKind, list[Part]]:
    """Their parts by kind."""
    found: dict[PartKind, list[Part]] = {kind: [] for kind in PartKind}
    for pulse in known:
        for part in pulse.parts.values():
            found[part.kind].append(part)
    return found


def _account(work: Work, before: Mapping[PartKind, list[Part]]) -> Part:
    """Credentials that open our own affected-systems API: of a service account that is not revoked."""
    open_to = open_accounts(work)
    here = {
        one["id"]
        for one in workflows.list_accounts(work.conn, work.tenant)
        if one["extension"] == EXTENSION and one["fields"].get("systrack_api_account") in open_to
    }
    allow_own_host(work)
    for part in before[PartKind.ACCOUNT]:
        if part.id in here:
            return part
    if here:
        return Part(PartKind.ACCOUNT, min(here), made=False)
    service, password = create_account_in(work.conn, work.ports, work.tenant, "Operational Pulse", work.actor)
    fields = {"api_token": password, "systrack_api_account": service.username}
    made = accounts_flow.add_account_in(
        work.conn, work.ports, work.tenant, EXTENSION, "SysTrack service account", fields, work.actor
    )
    return Part(PartKind.ACCOUNT, made, made=True)


def open_accounts(work: Work) -> set[str]:
    """User names of service accounts that may ask here."""
    return {one.username for one in views.list_accounts(work.conn, work.tenant) if not one.revoked}


def allow_own_host(work: Work) -> None:
    """The extension may call this installation."""
    host = cloud_url(work.ports).partition(":")[0]
    domains = workflows.list_installs(work.conn, work.tenant).get(EXTENSION)
    if domains is None or host not in domains:
        allowed = [*(domains or ()), host]
        accounts_flow.install_extension_in(work.conn, work.tenant, EXTENSION, allowed, work.actor, work.now)


def _receiver(
    work: Work, mailing_list: MailingList, before: Mapping[PartKind, list[Part]], account: Part
) -> tuple[Workflow, bool]:
    here = {one.id: one for one in workflows.list_workflows(work.conn, work.tenant)}
    for part in before[PartKind.RECEIVER]:
        if part.id in here:
            return _mended(work, here[part.id], mailing_list, account), part.made
    recipients = saving.list_recipients_in(work.conn, work.tenant)
    for workflow in here.values():
        address = trigger_url(work.ports, workflow)
        told = any(leads_to(one, address) for one in recipients)
        if workflow.enabled and told and updates_list(workflow, mailing_list.id):
            return workflow, False
    name = f"Receive sensor notifications: {mailing_list.name}"
    document = receiving_document(name, account.id, _own_form(work, mailing_list))
    return definitions.create_workflow_in(
        work.conn, work.ports, work.tenant, document, work.actor, enabled=True
    ), True


def _mended(work: Work, found: Workflow, mailing_list: MailingList, account: Part) -> Workflow:
    if not updates_list(found, mailing_list.id):
        name, form = found.document.name, _own_form(work, mailing_list)
        document = receiving_document(name, account.id, form, found.document)
        found = definitions.change_workflow_in(
            work.conn, work.ports, work.tenant, found.id, document, work.actor
        )
    if not found.enabled:
        definitions.switch_workflow_in(work.conn, work.tenant, found.id, True, work.actor, work.now)
    return found


def receiving_document(
    name: str, account: str, form: Mapping[str, str], found: WorkflowDocument | None = None
) -> WorkflowDocument:
    """The guide's first procedure. ``form``: the task's fields but the two of the event; ``found``: what stands there already."""
    fields = [
        {"name": SYSTEMS_URL, "path": "data.systemsAtActivationURL"},
        {"name": SENSOR_NAMES, "path": "data.sensorNames"},
    ]
    told = {
        "systems_url": f"${{a://Field/{SYSTEMS_URL}}}",
        "sensor_names": f"${{a://Field/{SENSOR_NAMES}}}",
        **form,
    }
    known = next((one for one in found.tasks if one.type == EXTENSION), None) if found else None
    kept, was = (known.form if known else {}), (found.trigger.form if found else {})
    task = TaskDefinition(
        id=known.id if known else "", type=EXTENSION, account=account, form={**kept, **told}
    )
    trigger = TriggerDefinition(type=JSON_EVENT, form={"authentication": "token", **was, "fields": fields})
    others = [one for one in (found.tasks if found else ()) if one is not known]
    if found is None:
        return WorkflowDocument(name=name, trigger=trigger, tasks=[task])
    return found.model_copy(update={"name": name, "trigger": trigger, "tasks": [task, *others]})


def own_addresses(ports: Ports, tenant: Tenant) -> dict[str, str]:
    """Where the task asks for the affected systems when they are ours."""
    return {"token_url": token_url(ports), "cloud_url": cloud_url(ports), "client_id": tenant.client_id}


def _own_form(work: Work, mailing_list: MailingList) -> dict[str, str]:
    """This installation's own addresses, and the list."""
    tenant = find_tenant(work.conn, work.tenant)
    assert tenant is not None, "the caller is of this tenant"
    into = {"list_id": mailing_list.id, "directory_id": mailing_list.directory, "directory_at": "here"}
    return {**own_addresses(work.ports, tenant), **into}


def ensure_recipient_in(
    work: Work, title: str, receiver: Workflow, before: Mapping[PartKind, list[Part]]
) -> list[Part]:
    """The guide's second procedure, and the key in its header where a pulse made it."""
    address = trigger_url(work.ports, receiver)
    here = {one.id: one for one in saving.list_recipients_in(work.conn, work.tenant)}
    for part in before[PartKind.RECIPIENT]:
        if part.id in here:
            return _mended_recipient(work, here[part.id], part, address, before)
    for one in here.values():
        if leads_to(one, address):
            return [Part(PartKind.RECIPIENT, one.id, made=False)]
    key, secret = issue_key_in(
        work.conn, work.ports, work.tenant, KeyKind.INTEGRATION, f"Webhook: {title}", work.actor
    )
    draft = _recipient_draft(_free_name(f"Experience workflows: {title}", here), address, secret)
    made = saving.create_recipient_in(work.conn, work.ports, work.tenant, work.actor, draft)
    return [Part(PartKind.KEY, key.id, made=True), Part(PartKind.RECIPIENT, made.id, made=True)]


def _mended_recipient(
    work: Work, found: Recipient, part: Part, address: str, before: Mapping[PartKind, list[Part]]
) -> list[Part]:
    if found.disabled_reason is not None:
        disabling.enable_in(work.conn, work.tenant, work.actor, found.id, work.now)
    keys = {one.id for one in views.list_keys(work.conn, work.tenant) if _opens(one, work)}
    key = next((one for one in before[PartKind.KEY] if one.id in keys), None)
    if not part.made:
        return [part]
    if key is not None and leads_to(found, address):
        return [key, part]
    fresh, secret = issue_key_in(
        work.conn, work.ports, work.tenant, KeyKind.INTEGRATION, f"Webhook: {found.name}", work.actor
    )
    draft = _recipient_draft(found.name, address, secret)
    if found.webhook is not None:
        kept = [one for one in found.webhook.headers if one.name.casefold() != TOKEN_HEADER.casefold()]
        headers = (*kept, Header(TOKEN_HEADER, secret, sensitive=True))
        draft = replace(draft, webhook=replace(found.webhook, url=address, headers=headers))
    saving.change_recipient_in(work.conn, work.ports, work.tenant, work.actor, found.id, draft)
    return [Part(PartKind.KEY, fresh.id, made=True), part]


def _opens(key: Key, work: Work) -> bool:
    return not key.revoked and key.expires_at > work.now


def _recipient_draft(name: str, address: str, secret: str) -> RecipientDraft:
    webhook = Webhook(
        url=address,
        method=RequestMethod.POST,
        authentication=Authentication(AuthenticationType.OFF, "", None, None),
        headers=(Header(TOKEN_HEADER, secret, sensitive=True),),
        body=DEFAULT_BODY,
    )
    return RecipientDraft(RecipientType.SYSTEM, name, Channel.WEBHOOK, webhook=webhook)


def _free_name(wanted: str, here: Mapping[str, Recipient]) -> str:
    taken = {one.name.casefold() for one in here.values()}
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name
