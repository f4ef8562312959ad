"""The ready bodies: each can be saved, and is JSON whatever a notification is called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyTemplate,
    BodyValue,
    Webhook,
)
from opulse.monitoring.recipients.presets import find_template, load_templates
from opulse.monitoring.recipients.rules import check_webhook, fill_in, variables_of
from opulse.templating.body import render_body
from opulse.templating.variables import ActivationValues
from opulse.wire.standard_webhooks import new_standard_secret
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY

NAMES = [template.name for template in load_templates()]
AWKWARD = (
    'Drive "C:\\" full',
    "line\nbreak\ttab \x07 bell",
    "@{tenantId} ${x} {{y}} <!channel> </script>",
    "Tür, 温度, \U0001f525, \u2028, \u202e",
    ']}],"x":"',
)


def activation(name: str) -> ActivationValues:
    return ActivationValues(
        notification_activation_id="7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",
        activation_time=datetime(2026, 3, 3, 16, 31, 7, 123456, UTC),
        tenant_id="0b1f6c1a-1f0e-4a86-9d5e-2b7a9f4f1c11",
        notification_name=name,
        notification_description=name,
        sensor_names=(name, "High Retransmission Rate"),
        sensor_instances=(name,),
        group_name=name,
        activation_threshold_text="24.5% of systems currently reporting",
        activation_threshold_value=24.5,
        activation_threshold_is_percent=True,
        notification_activation_details_url="https://pulse.example.org/activations/7f0f",
        systems_at_activation_url="https://pulse.example.org/a",
        systems_currently_affected_url="https://pulse.example.org/c",
    )


def webhook_of(template: BodyTemplate) -> Webhook:
    """As a person fills the form in from it."""
    proof = Authentication(template.authentication, "ada", "pw", None)
    if template.authentication is AuthenticationType.STANDARD:
        proof = Authentication(template.authentication, secret=new_standard_secret())
    return Webhook(
        url="https://hooks.example.org/in",
        method=template.method,
        authentication=proof,
        headers=template.headers,
        body=template.body,
        end_body=template.end_body,
        values=tuple(
            BodyValue(value.name, value.value or 'a "key" \\', value.sensitive) for value in template.values
        ),
        url_sensitive=template.url_sensitive,
    )


def rendered(webhook: Webhook, body: str, name: str) -> Any:
    made = render_body(body, fill_in(webhook, activation(name).variables()), variables_of(webhook))
    assert made.unknown == ()
    return json.loads(made.body)


def of(name: str) -> BodyTemplate:
    found = find_template(name)
    assert found is not None
    return found


def test_the_tools_that_the_product_names_are_there() -> None:
    assert NAMES[:2] == ["default", "operational_pulse"]
    assert set(NAMES[2:]) == {"slack", "teams", "servicenow", "pagerduty", "cloudevents"}
    assert of("default").body == DEFAULT_BODY
    assert of("operational_pulse").body == OPERATIONAL_PULSE_BODY
    assert find_template("pigeon") is None


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_saved_as_it_is(name: str) -> None:
    assert check_webhook(webhook_of(of(name))) == ()


@pytest.mark.parametrize("awkward", AWKWARD)
@pytest.mark.parametrize("name", NAMES)
def test_each_is_json_that_holds_the_very_name(name: str, awkward: str) -> None:
    webhook = webhook_of(of(name))
    for body in filter(None, (webhook.body, webhook.end_body)):
        document = rendered(webhook, body, awkward)
        assert isinstance(document, dict)
        if name not in ("operational_pulse", "pagerduty") or body is webhook.body:
            assert any(awkward in text for text in _texts(document)), "the name arrives as it is"


def test_slack_gets_names_as_plain_text_only() -> None:
    """In mrkdwn ``<!channel>`` would call everybody."""
    webhook = webhook_of(of("slack"))
    for body in (webhook.body, webhook.end_body):
        document = rendered(webhook, body, "<!channel>")
        for block in document["blocks"]:
            kind, text = block["text"]["type"], block["text"]["text"]
            assert kind in {"plain_text", "mrkdwn"}
            assert text, "an empty text is refused by Slack"
            assert not (kind == "mrkdwn" and "<!channel>" in text)
        assert "<!channel>" not in document["text"]


def test_teams_gets_an_adaptive_card_in_a_message() -> None:
    webhook = webhook_of(of("teams"))
    document = rendered(webhook, webhook.body, "Teams quality incident")
    assert document["type"] == "message"
    (attachment,) = document["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")
    assert webhook.url_sensitive


def test_pagerduty_triggers_and_resolves_one_alert_with_the_sealed_key() -> None:
    template = of("pagerduty")
    (value,) = template.values
    assert (value.name, value.value, value.sensitive) == ("routingKey", None, True)
    webhook = webhook_of(template)
    trigger = rendered(webhook, webhook.body, "A")
    resolve = rendered(webhook, webhook.end_body, "A")
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"] == "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
    assert trigger["routing_key"] == resolve["routing_key"] == 'a "key" \\'
    assert {"summary", "source", "severity"} <= trigger["payload"].keys()
    assert trigger["payload"]["severity"] in {"critical", "error", "warning", "info"}
    assert template.tell_end


def test_servicenow_gets_a_record_of_its_incident_table() -> None:
    webhook = webhook_of(of("servicenow"))
    document = rendered(webhook, webhook.body, "A")
    assert document["correlation_id"] == "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
    assert document["short_description"] == "A"
    assert webhook.authentication.type is AuthenticationType.BASIC
    assert all(isinstance(value, str) for value in document.values()), "its fields are texts"


def test_the_cloudevents_envelope_has_what_its_standard_requires() -> None:
    template = of("cloudevents")
    webhook = webhook_of(template)
    first, last = (rendered(webhook, body, "A") for body in (webhook.body, webhook.end_body))
    for document in (first, last):
        assert document["specversion"] == "1.0"
        assert all(document[name] for name in ("id", "source", "type"))
        assert document["datacontenttype"] == "application/json"
        assert datetime.fromisoformat(document["time"]).tzinfo is not None
    assert first["id"] != last["id"], "source and id name one event only"
    assert [header.value for header in template.headers] == ["application/cloudevents+json; charset=utf-8"]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
