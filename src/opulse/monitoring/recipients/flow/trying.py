"""*Test Webhook*: the form as it stands, saved or not, with sample values. Creates no activation."""

from __future__ import annotations

from uuid import uuid4

from opulse.monitoring.recipients import store
from opulse.monitoring.recipients.flow.saving import refuse_forbidden_address, with_kept_secrets
from opulse.monitoring.recipients.flow.secrets import open_secrets
from opulse.monitoring.recipients.models import RecipientDraft, RecipientRefused, TrialOutcome, Webhook
from opulse.monitoring.recipients.rules import (
    build_headers,
    check_webhook,
    fill_in,
    mask_values,
    variables_of,
)
from opulse.outbound import AnswerTooLarge, OutboundError
from opulse.ports import Ports
from opulse.templating.body import render_body
from opulse.templating.variables import ActivationValues

SNIPPET_BYTES = 2048


async def try_saved(ports: Ports, tenant: int, recipient: str) -> TrialOutcome | None:
    """Send a test to a saved webhook. None: no such recipient, or it is reached by e-mail."""
    found = await ports.db.read(store.find_recipient, tenant, recipient)
    if found is None or found.webhook is None:
        return None
    webhook = open_secrets(found, ports.secrets).webhook
    return await _send(ports, webhook) if webhook else None


async def try_draft(ports: Ports, tenant: int, recipient: str, draft: RecipientDraft) -> TrialOutcome | None:
    """Send a test of an unsaved form; secrets that it leaves empty are those of ``recipient`` ("" for a new one).

    Raises:
        RecipientRefused: the form's request has something to mend.
    """
    stored = await ports.db.read(store.find_recipient, tenant, recipient)
    if stored is not None:
        draft = with_kept_secrets(draft, stored, ports.secrets)
    if draft.webhook is None:
        return None
    if problems := check_webhook(draft.webhook):
        raise RecipientRefused(problems)
    refuse_forbidden_address(ports, draft.webhook)
    return await _send(ports, draft.webhook)


async def _send(ports: Ports, webhook: Webhook) -> TrialOutcome:
    values = fill_in(webhook, _sample(ports).variables())
    body = render_body(webhook.body, values, variables_of(webhook)).body
    started = ports.clock.now()
    headers = build_headers(webhook, body, str(uuid4()), started, test=True)
    sent = mask_values(webhook, body.decode())
    try:
        answer = await ports.http.request(webhook.method.value, webhook.url, headers=headers, content=body)
    except AnswerTooLarge as large:
        seconds = (ports.clock.now() - started).total_seconds()
        return TrialOutcome(200 <= large.status < 300, large.status, str(large), seconds, "", sent)
    except OutboundError as error:
        seconds = (ports.clock.now() - started).total_seconds()
        return TrialOutcome(False, None, str(error), seconds, "", sent)
    snippet = mask_values(webhook, answer.body[:SNIPPET_BYTES].decode("utf-8", "replace"))
    return TrialOutcome(200 <= answer.status < 300, answer.status, "", answer.elapsed, snippet, sent)


def _sample(ports: Ports) -> ActivationValues:
    """A fresh activation id each time, so that no receiver takes the second test for a repeat of the first."""
    activation = str(uuid4())
    systems = f"{ports.monitoring_url}/api/sensornotifications/activations/{activation}/systems"
    return ActivationValues(
        notification_activation_id=activation,
        activation_time=ports.clock.now(),
        tenant_id=str(uuid4()),
        notification_name="Test of a webhook",
        notification_description="Sent by Test Webhook; no system is affected.",
        sensor_names=("Application Hang", "High Retransmission Rate"),
        sensor_instances=(),
        group_name="All Systems",
        activation_threshold_text="1 system currently reporting",
        activation_threshold_value=1,
        activation_threshold_is_percent=False,
        notification_activation_details_url=f"{ports.public_url}/activations/{activation}",
        systems_at_activation_url=f"{systems}/atactivation",
        systems_currently_affected_url=f"{systems}/currentlyaffected",
    )
