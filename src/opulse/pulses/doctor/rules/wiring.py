"""From a notification over its webhook to the task that fetches who is affected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from opulse.bridges.systrack.models import FetchRefused
from opulse.bridges.systrack.rules import check_host, check_token_url
from opulse.experience.workflows.models import Workflow
from opulse.experience.workflows.rules.fields import pick_value
from opulse.monitoring.notifications.models import SchedulePreset
from opulse.monitoring.recipients.models import Recipient, RecipientState, Webhook
from opulse.monitoring.recipients.rules.bodies import fill_in, variables_of
from opulse.pulses.doctor.facts import Facts
from opulse.pulses.doctor.models import Action, Button, Finding, Kind, Subject
from opulse.pulses.doctor.rules.pairing import about
from opulse.templating.body import render_body
from opulse.templating.piped import parse_piped
from opulse.templating.variables import sample_values

SOON = timedelta(days=14)
TASK = "operational_pulse"


def receivers(facts: Facts) -> list[Workflow]:
    """Workflows on a JSON event with the task *Update Contact Metadata*."""
    return [
        one
        for one in facts.workflows
        if one.document.trigger.type == "json_event" and any(t.type == TASK for t in one.document.tasks)
    ]


def task_form(workflow: Workflow) -> dict[str, Any]:
    return next(task.form for task in workflow.document.tasks if task.type == TASK)


def check_notifications(facts: Facts) -> Iterator[Finding]:
    """A notification that can activate, and tells somebody who listens."""
    for one in facts.notifications:
        if not one.enabled:
            continue
        if not one.recipients:
            yield Finding(Kind.TELLS_NOBODY, about(one), "It has no recipient.")
        if one.schedule.preset is SchedulePreset.NEVER:
            yield Finding(Kind.NEVER_ACTIVATES, about(one), "Its schedule is Never.")
        elif not facts.members.get(one.group_index):
            what = f"Its group {one.group_name} has no system."
            yield Finding(Kind.NEVER_ACTIVATES, about(one), what)
    told = {number for one in facts.notifications if one.enabled for number in one.recipients}
    for recipient in facts.recipients:
        if recipient.state is RecipientState.DISABLED and recipient.id in told:
            button = Button(Action.ENABLE_RECIPIENT, recipient.id)
            what = "It is disabled, and notifications tell it."
            telling = (one for one in facts.notifications if recipient.id in one.recipients)
            also = tuple(about(one).page for one in telling)
            yield Finding(Kind.RECIPIENT_OFF, _subject(recipient), what, button, also)


def check_webhooks(facts: Facts) -> Iterator[Finding]:
    """The address, the body and the credential of each webhook that calls us."""
    by_token = {one.url_token: one for one in facts.workflows}
    for recipient in facts.recipients:
        webhook = recipient.webhook
        if webhook is None:
            continue
        body = _rendered(webhook)
        if body is None:
            yield Finding(Kind.BODY_NOT_JSON, _subject(recipient), "With sample values its body is not JSON.")
        if not _calls_us(facts, webhook):
            continue
        workflow = by_token.get(token_of(webhook.url))
        if workflow is None:
            what = f"It calls {webhook.url_shown or webhook.url}, and no workflow has this address."
            yield Finding(Kind.WEBHOOK_NOWHERE, _subject(recipient), what)
            continue
        yield from _fit(recipient, webhook, workflow, body)


def _fit(recipient: Recipient, webhook: Webhook, workflow: Workflow, body: Any) -> Iterator[Finding]:
    subject, form = _subject(recipient), workflow.document.trigger.form
    if not workflow.enabled:
        what = f"It calls the workflow {workflow.document.name}, which is switched off."
        button = Button(Action.SWITCH_ON, workflow.id)
        yield Finding(Kind.RECEIVER_OFF, about(workflow), what, button, (subject.page,))
    if body is not None:
        for field in form.get("fields", []):
            if pick_value(body, str(field["path"])) is None:
                what = f"Its body has nothing at {field['path']}, the JSON field {field['name']}."
                yield Finding(Kind.BODY_LACKS_PATH, subject, what, also=(about(workflow).page,))
    names = {header.name.casefold() for header in webhook.headers}
    auth = str(form.get("authentication", "open"))
    has = {
        "open": True,
        "token": "x-api-token" in names,
        "basic": webhook.authentication.type.value == "Basic Auth",
        "hmac": webhook.authentication.type.value == "Signed Secret",
    }
    if not has.get(auth, True):
        what = f"The event of {workflow.document.name} wants {auth}, and the webhook carries none."
        yield Finding(Kind.TOKEN_NOT_SENT, subject, what, also=(about(workflow).page,))
    if auth == "open":
        yield Finding(Kind.EVENT_OPEN, about(workflow), "Its JSON event asks for no credential.")


def check_tasks(facts: Facts) -> Iterator[Finding]:
    """The form of *Update Contact Metadata* against what the monitoring half says."""
    for workflow in receivers(facts):
        subject, form = about(workflow), task_form(workflow)
        fields = {str(field["name"]) for field in workflow.document.trigger.form.get("fields", [])}
        for name, label in (("systems_url", "Systems URL"), ("sensor_names", "Sensor Names")):
            slots = [slot.path.removeprefix("Field/") for slot in parse_piped(str(form[name])).slots]
            if not slots or not set(slots) <= fields:
                what = f"{label} is taken from {form[name]!r}, which is no JSON field of the event."
                yield Finding(Kind.FIELD_NOT_READ, subject, what)
        yield from _addresses(facts, workflow, form)


def _addresses(facts: Facts, workflow: Workflow, form: dict[str, Any]) -> Iterator[Finding]:
    subject, own = about(workflow), facts.place.monitoring_url
    if any(_calls(facts, one, workflow) for one in facts.recipients):
        try:
            check_host(f"{own}/api/systems", str(form["cloud_url"]), own)
        except FetchRefused:
            what = f"The Cloud URL is {form['cloud_url']}, and Systems URLs begin with {own}."
            yield Finding(Kind.CLOUD_URL_DIFFERS, subject, what)
        if form.get("client_id") and form["client_id"] != facts.tenant.client_id:
            yield Finding(Kind.CLIENT_ID_DIFFERS, subject, "The Client ID is not that of Tenant Information.")
        yield from _account(facts, workflow)
    if not form.get("token_url"):  # the account has an API key in its place
        return
    try:
        check_token_url(str(form["token_url"]), own)
    except FetchRefused as refused:
        yield Finding(Kind.TOKEN_URL_UNSAFE, subject, str(refused))


def _account(facts: Facts, workflow: Workflow) -> Iterator[Finding]:
    task = next(task for task in workflow.document.tasks if task.type == TASK)
    name = facts.accounts.get(task.account, {}).get("systrack_api_account", "")
    alive = {one.username for one in facts.service_accounts if not one.revoked}
    if name not in alive:
        what = f"It signs in as {name or 'nobody'}, which is no service account of this tenant now."
        yield Finding(Kind.ACCOUNT_UNKNOWN, about(workflow), what)


def check_keys(facts: Facts) -> Iterator[Finding]:
    """API keys that end, and with them what calls us. An expired one that nobody used lately is no matter."""
    for key in facts.keys:
        subject = Subject("key", key.name, "/admin/api-keys")
        if key.revoked:
            continue
        if key.expires_at <= facts.now:
            if key.last_used and key.expires_at - key.last_used < SOON:
                what = f"It ended on {key.expires_at:%Y-%m-%d}, and was in use until then."
                yield Finding(Kind.KEY_EXPIRED, subject, what)
        elif key.expires_at - facts.now < SOON:
            yield Finding(Kind.KEY_EXPIRES, subject, f"It ends on {key.expires_at:%Y-%m-%d}.")


def _calls(facts: Facts, recipient: Recipient, workflow: Workflow) -> bool:
    webhook = recipient.webhook
    return webhook is not None and _calls_us(facts, webhook) and token_of(webhook.url) == workflow.url_token


def token_of(url: str) -> str:
    """What tells workflows apart in the address of a JSON event."""
    return next(iter(parse_qs(urlsplit(url).query).get("urlTokenId", [])), "")


def _calls_us(facts: Facts, webhook: Webhook) -> bool:
    own = {urlsplit(url).netloc for url in (facts.place.public_url, facts.place.monitoring_url)}
    return urlsplit(webhook.url).netloc in own


def _rendered(webhook: Webhook) -> Any:
    """The body with sample values, parsed; None: it is no JSON."""
    variables = variables_of(webhook)
    try:
        for values in sample_values(variables):
            found = json.loads(render_body(webhook.body, fill_in(webhook, values), variables).body)
    except ValueError:
        return None
    return found


def _subject(recipient: Recipient) -> Subject:
    return Subject("recipient", recipient.name, f"/recipients/{recipient.id}")
