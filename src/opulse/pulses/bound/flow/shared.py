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
from opulse.pulses.bound.flow.work import Work
from opulse.pulses.bound.models import Part, PartKind, Pulse
from opulse.tenancy import find_tenant, views
from opulse.tenancy.flow.addresses import cloud_url, token_url
from opulse.tenancy.flow.keys import issue_key_in
from opulse.tenancy.flow.service_accounts import create_account_in
from opulse.tenancy.models import Key, KeyKind
from opulse.wire.webhook import DEFAULT_BODY

EXTENSION = "operational_pulse"
TOKEN_HEADER = "X-API-TOKEN"  # noqa: S105  # the name of a header
SYSTEMS_URL, SENSOR_NAMES = "Systems URL", "Sensor Names"


def ensure_shared_in(work: Work, mailing_list: MailingList, known: Iterable[Pulse]) -> list[Part]:
    """The shared parts of this list, made or mended where they are not there. ``known``: pulses of the list, this one first."""
    before = _known_parts(known)
    account = _account(work, before)
    receiver, made = _receiver(work, mailing_list, before, account)
    found = [account, Part(PartKind.RECEIVER, receiver.id, made)]
    return [*found, *_recipient(work, mailing_list, receiver, before)]


def updates_list(workflow: Workflow, mailing_list: str) -> bool:
    """Whether it takes a webhook and writes the alarm on contacts of this list."""
    document = workflow.document
    tasks = (task for task in document.tasks if task.type == EXTENSION)
    return document.trigger.type == JSON_EVENT and any(
        task.form.get("list_id") == mailing_list for task in tasks
    )


def leads_to(recipient: Recipient, address: str) -> bool:
    """Whether the webhook posts to this very event."""
    return recipient.webhook is not None and recipient.webhook.url == address


def _known_parts(known: Iterable[Pulse]) -> Mapping[PartKind, list[Part]]:
    found: dict[PartKind, list[Part]] = {kind: [] for kind in PartKind}
    for pulse in known:
        for part in pulse.parts.values():
            found[part.kind].append(part)
    return found


def _account(work: Work, before: Mapping[PartKind, list[Part]]) -> Part:
    """Credentials that open our own affected-systems API: of a service account that is not revoked."""
    open_to = {one.username for one in views.list_accounts(work.conn, work.tenant) if not one.revoked}
    here = {
        one["id"]
        for one in workflows.list_accounts(work.conn, work.tenant)
        if one["extension"] == EXTENSION and one["fields"].get("systrack_api_account") in open_to
    }
    host = cloud_url(work.ports).partition(":")[0]
    domains = workflows.list_installs(work.conn, work.tenant).get(EXTENSION)
    if domains is None or host not in domains:
        allowed = [*(domains or ()), host]
        accounts_flow.install_extension_in(work.conn, work.tenant, EXTENSION, allowed, work.actor, work.now)
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
    document = receiving_document(work, mailing_list, account.id)
    return definitions.create_workflow_in(
        work.conn, work.ports, work.tenant, document, work.actor, enabled=True
    ), True


def _mended(work: Work, found: Workflow, mailing_list: MailingList, account: Part) -> Workflow:
    if not updates_list(found, mailing_list.id):
        document = receiving_document(work, mailing_list, account.id)
        document = document.model_copy(update={"name": found.document.name})
        found = definitions.change_workflow_in(
            work.conn, work.ports, work.tenant, found.id, document, work.actor
        )
    if not found.enabled:
        definitions.switch_workflow_in(work.conn, work.tenant, found.id, True, work.actor, work.now)
    return found


def receiving_document(work: Work, mailing_list: MailingList, account: str) -> WorkflowDocument:
    """The guide's first procedure."""
    tenant = find_tenant(work.conn, work.tenant)
    assert tenant is not None, "the caller is of this tenant"
    fields = [
        {"name": SYSTEMS_URL, "path": "data.systemsAtActivationURL"},
        {"name": SENSOR_NAMES, "path": "data.sensorNames"},
    ]
    task = {
        "systems_url": f"${{a://Field/{SYSTEMS_URL}}}",
        "sensor_names": f"${{a://Field/{SENSOR_NAMES}}}",
        "token_url": token_url(work.ports),
        "cloud_url": cloud_url(work.ports),
        "client_id": tenant.client_id,
        "list_id": mailing_list.id,
        "directory_id": mailing_list.directory,
    }
    return WorkflowDocument(
        name=f"Receive sensor notifications: {mailing_list.name}",
        trigger=TriggerDefinition(type=JSON_EVENT, form={"fields": fields, "authentication": "token"}),
        tasks=[TaskDefinition(type=EXTENSION, account=account, form=task)],
    )


def _recipient(
    work: Work, mailing_list: MailingList, receiver: Workflow, before: Mapping[PartKind, list[Part]]
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
        work.conn, work.ports, work.tenant, KeyKind.INTEGRATION, f"Webhook: {mailing_list.name}", work.actor
    )
    draft = _recipient_draft(_free_name(f"Experience workflows: {mailing_list.name}", here), address, secret)
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
