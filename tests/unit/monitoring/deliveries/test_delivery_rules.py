"""What follows an attempt at a mail, and what the texts of both events are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from opulse.mail.models import MessageRefused, Outcome, OutcomeReason, OutcomeState
from opulse.monitoring.deliveries.flow.mails import write_mail
from opulse.monitoring.deliveries.models import AttemptOutcome, DeliveryReason
from opulse.monitoring.deliveries.rules import MAIL_SCHEDULE, RESOLVED_BODY, decide_mail
from opulse.monitoring.recipients.models import Channel, Recipient, RecipientType
from opulse.templating.body import render_body, validate_template
from opulse.templating.variables import ActivationValues
from opulse.wire.webhook import EVENT_ACTIVATED, EVENT_RESOLVED, parse_event

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = Recipient(
    "r1",
    RecipientType.USER,
    "Ada",
    Channel.EMAIL,
    "ada@example.org",
    "Ada",
    "Lovelace",
    None,
    False,
    1,
    NOON,
    NOON,
)
VALUES = ActivationValues(
    notification_activation_id="7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",
    activation_time=NOON,
    tenant_id="t",
    notification_name="Teams",
    notification_description="Many hang",
    sensor_names=("Application Hang",),
    sensor_instances=(),
    group_name="Sales",
    activation_threshold_text="1 system currently reporting",
    activation_threshold_value=1,
    activation_threshold_is_percent=False,
    notification_activation_details_url="https://pulse.example.org/activations/7f0f",
    systems_at_activation_url="https://cloud.example.org/at",
    systems_currently_affected_url="https://cloud.example.org/now",
)


def outcome(state: OutcomeState) -> Outcome:
    return Outcome("d", state, OutcomeReason.REPLY, code=450, text="4.2.0 later")


def test_an_accepted_mail_is_done() -> None:
    ended = decide_mail(1, outcome(OutcomeState.ACCEPTED), 0.1)
    assert (ended.outcome, ended.reason, ended.again_in) == (
        AttemptOutcome.ACCEPTED,
        DeliveryReason.ACCEPTED,
        None,
    )


@pytest.mark.parametrize("state", [OutcomeState.DEFERRED, OutcomeState.NOT_SENT])
def test_a_mail_that_the_relay_does_not_have_is_tried_by_the_schedule_and_then_given_up(
    state: OutcomeState,
) -> None:
    waits = [decide_mail(attempt, outcome(state), 0.1).again_in for attempt in range(1, 8)]
    assert waits == [*MAIL_SCHEDULE[1:], None]
    assert decide_mail(7, outcome(state), 0.1).reason is DeliveryReason.USED_UP


def test_a_mail_of_unknown_fate_is_sent_once_more_and_then_left_alone() -> None:
    first = decide_mail(1, outcome(OutcomeState.UNKNOWN), 0.1)
    assert (first.reason, first.again_in) == (DeliveryReason.TRY_AGAIN, 1.0)
    assert decide_mail(2, outcome(OutcomeState.UNKNOWN), 0.1).again_in is None


def test_a_refused_mail_is_final() -> None:
    ended = decide_mail(1, outcome(OutcomeState.REFUSED), 0.1)
    assert (ended.reason, ended.again_in, ended.status) == (DeliveryReason.REFUSED, None, 450)


def test_the_end_is_an_event_of_its_own() -> None:
    assert validate_template(RESOLVED_BODY) == []
    body = render_body(RESOLVED_BODY, VALUES.variables()).body
    event = parse_event(body)
    assert event.event_type == EVENT_RESOLVED
    assert event.event_id != VALUES.notification_activation_id
    assert json.loads(body)["data"]["notificationActivationId"] == VALUES.notification_activation_id


def test_a_name_cannot_add_a_header_or_fill_a_slot() -> None:
    hostile = replace(VALUES, notification_name="Teams\r\nBcc: eve@example.org ⟦first_name⟧")
    raw = write_mail("pulse@example.org", ADA, EVENT_ACTIVATED, hostile, "d1", NOON)
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Teams Bcc: eve@example.org [first_name]"
    assert (mail["To"], mail["Message-ID"]) == ("Ada Lovelace <ada@example.org>", "<d1@example.org>")
    assert "Activated:  2026-11-23T12:00:00.0000000Z" in mail.get_content()


def test_the_end_is_said_in_the_subject() -> None:
    raw = write_mail("pulse@example.org", ADA, EVENT_RESOLVED, VALUES, "d1", NOON)
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "Resolved: Teams"
    assert "Teams has ended." in mail.get_content()


def test_without_a_sender_address_no_mail_is_written() -> None:
    with pytest.raises(MessageRefused, match="no sender address"):
        write_mail("", ADA, EVENT_ACTIVATED, VALUES, "d1", NOON)
