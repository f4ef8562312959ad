"""Render what each recipient of an activation is told, and store the bytes: every attempt sends exactly these."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection

from opulse.jobs import enqueue
from opulse.mail.models import MessageRefused
from opulse.monitoring.activations.flow.affected import systems_url
from opulse.monitoring.activations.models import Activation, WhichSystems
from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.flow.mails import write_mail
from opulse.monitoring.deliveries.flow.sealing import seal_body
from opulse.monitoring.deliveries.models import Delivery, DeliveryReason, DeliveryState
from opulse.monitoring.deliveries.rules import RESOLVED_BODY
from opulse.monitoring.notifications.rules import describe_threshold
from opulse.monitoring.recipients.flow.saving import find_for_sending_in
from opulse.monitoring.recipients.models import Recipient, RecipientState
from opulse.monitoring.recipients.rules import fill_in, variables_of
from opulse.observe import get_logger
from opulse.ports import Ports
from opulse.templating.body import BodyTooLarge, render_body
from opulse.templating.variables import ActivationValues
from opulse.tenancy import get_tenant
from opulse.wire.webhook import EVENT_ACTIVATED, EVENT_RESOLVED

DUE = "delivery.due"
"""Job ``{"delivery"}``; one per delivery, ordered by (activation, recipient) so that no late first event follows the last."""

log = get_logger("deliveries")


def tell_opening_in(conn: Connection, ports: Ports, tenant: int, activation_id: str, now: datetime) -> int:
    """One delivery per recipient that the notification had when it activated. How many are new."""
    activation = get_activation(conn, tenant, activation_id)
    if activation is None:
        return 0
    values = values_of(ports, get_tenant(conn, tenant).guid, activation)
    return sum(
        _tell_in(conn, ports, tenant, activation, recipient, EVENT_ACTIVATED, values, now)
        for recipient in activation.snapshot.recipients
    )


def tell_end_in(conn: Connection, ports: Ports, tenant: int, activation_id: str, now: datetime) -> int:
    """The same at the end, for the recipients that ask for it."""
    activation = get_activation(conn, tenant, activation_id)
    if activation is None or activation.closed_at is None:
        return 0
    values = values_of(ports, get_tenant(conn, tenant).guid, activation)
    values = replace(values, activation_time=activation.closed_at)
    return sum(
        _tell_in(conn, ports, tenant, activation, recipient, EVENT_RESOLVED, values, now)
        for recipient in activation.snapshot.recipients
    )


def values_of(ports: Ports, tenant_guid: str, activation: Activation) -> ActivationValues:
    """The variables of systrack.md 4.2."""
    snapshot = activation.snapshot
    base = ports.monitoring_url
    return ActivationValues(
        notification_activation_id=activation.id,
        activation_time=activation.opened_at,
        tenant_id=tenant_guid,
        notification_name=snapshot.name,
        notification_description=snapshot.description,
        sensor_names=snapshot.sensor_names,
        sensor_instances=[choice.instance for choice in snapshot.sensors if choice.instance],
        group_name=snapshot.group_name,
        activation_threshold_text=describe_threshold(snapshot.threshold),
        activation_threshold_value=float(snapshot.threshold.value),
        activation_threshold_is_percent=snapshot.threshold.is_percent,
        notification_activation_details_url=f"{ports.public_url}/activations/{activation.id}",
        systems_at_activation_url=systems_url(base, activation.id, WhichSystems.AT_ACTIVATION),
        systems_currently_affected_url=systems_url(base, activation.id, WhichSystems.CURRENTLY_AFFECTED),
    )


def _tell_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    activation: Activation,
    recipient_id: str,
    event_type: str,
    values: ActivationValues,
    now: datetime,
) -> bool:
    recipient = find_for_sending_in(conn, tenant, recipient_id, ports.secrets)
    if recipient is None or (event_type == EVENT_RESOLVED and not recipient.tell_end):
        return False
    delivery = _rendered(ports, activation, recipient, event_type, values, now)
    if not store.insert_delivery(conn, tenant, delivery):
        return False
    if delivery.state is DeliveryState.WAITING:
        enqueue_in(conn, tenant, delivery)
    return True


def enqueue_in(conn: Connection, tenant: int, delivery: Delivery) -> None:
    """The job that sends it; one per round of attempts."""
    enqueue(
        conn,
        tenant,
        DUE,
        {"delivery": delivery.id},
        unique=f"{delivery.id}:{delivery.attempts}",
        ordering=f"{delivery.activation}:{delivery.recipient}",
        priority=0,
    )


def _rendered(
    ports: Ports,
    activation: Activation,
    recipient: Recipient,
    event_type: str,
    values: ActivationValues,
    now: datetime,
) -> Delivery:
    """Waiting, with its bytes; dead where they cannot be written or nobody may get them, so that the page shows it."""
    delivery_id, body, detail = str(uuid4()), b"", ""
    state, reason = DeliveryState.WAITING, DeliveryReason.NEW
    if recipient.state is RecipientState.DISABLED:
        state, reason = DeliveryState.DEAD, DeliveryReason.RECIPIENT_DISABLED
    try:
        body = _body(ports, recipient, event_type, values, delivery_id, now)
    except (BodyTooLarge, MessageRefused) as error:
        state, reason, detail = DeliveryState.DEAD, DeliveryReason.NOT_RENDERED, str(error)
    sealed = bool(body) and recipient.webhook is not None and recipient.webhook.has_sensitive_values
    return Delivery(
        id=delivery_id,
        activation=activation.id,
        recipient=recipient.id,
        recipient_name=recipient.name,
        event_type=event_type,
        wave=0,
        state=state,
        reason=reason,
        detail=detail,
        body=seal_body(ports, body) if sealed else body,
        body_sha256=store.sha256(body),
        sealed=sealed,
        attempts=0,
        round_start=0,
        created_at=now,
        next_attempt_at=now if state is DeliveryState.WAITING else None,
        finished_at=None if state is DeliveryState.WAITING else now,
    )


def _body(
    ports: Ports,
    recipient: Recipient,
    event_type: str,
    values: ActivationValues,
    delivery_id: str,
    now: datetime,
) -> bytes:
    if recipient.webhook is None:
        return write_mail(ports.mail_from, recipient, event_type, values, delivery_id, now)
    webhook = recipient.webhook
    template = webhook.body
    if event_type == EVENT_RESOLVED:
        template = webhook.end_body if webhook.end_body.strip() else RESOLVED_BODY
    rendered = render_body(template, fill_in(webhook, values.variables()), variables_of(webhook))
    if rendered.unknown:
        log.warning("unknown variables stay as they are", recipient=recipient.id, names=rendered.unknown)
    return rendered.body
