"""The mail that tells a recipient of an activation (systrack.md 4.10: the content is not documented, so it is ours)."""

from __future__ import annotations

from datetime import datetime

from opulse.mail.message import MessageParts, build_frame, mail_date
from opulse.mail.models import MessageRefused, Refusal
from opulse.mail.slots import literal
from opulse.monitoring.recipients.models import Recipient
from opulse.templating.escape import escape_header
from opulse.templating.variables import ActivationValues
from opulse.wire.timestamps import activation_time
from opulse.wire.webhook import EVENT_RESOLVED

_SENDER = "Operational Pulse"


def write_mail(
    mail_from: str,
    recipient: Recipient,
    event_type: str,
    values: ActivationValues,
    delivery_id: str,
    now: datetime,
) -> bytes:
    """The whole message. Raises ``MessageRefused`` where an address is missing or cannot be used."""
    if not mail_from:
        raise MessageRefused(Refusal.BAD_ADDRESS, "From: this installation has no sender address yet")
    domain = mail_from.rpartition("@")[2]
    ended = event_type == EVENT_RESOLVED
    subject = f"Resolved: {values.notification_name}" if ended else values.notification_name
    parts = MessageParts(
        from_address=mail_from,
        from_name=_SENDER,
        to_address=recipient.email,
        to_name=escape_header(literal(_display_name(recipient))),
        subject=escape_header(literal(subject)),
        text=literal(_text(values, ended)),
        message_id=f"{delivery_id}@{domain}",
        date=mail_date(now),
        language="en",
        extra_headers={"X-Delivery-Id": delivery_id},
    )
    return build_frame(parts).render({})


def _display_name(recipient: Recipient) -> str:
    return f"{recipient.first_name} {recipient.last_name}".strip() or recipient.name


def _text(values: ActivationValues, ended: bool) -> str:
    lines = [
        f"{values.notification_name} {'has ended' if ended else 'has activated'}.",
        "",
        values.notification_description,
        "",
        f"Sensors:    {', '.join(values.sensor_names)}",
        f"Group:      {values.group_name}",
        f"Threshold:  {values.activation_threshold_text}",
        f"{'Ended' if ended else 'Activated'}:  {activation_time(values.activation_time)}",
        f"Activation: {values.notification_activation_id}",
        "",
        f"Details: {values.notification_activation_details_url}",
    ]
    return "\n".join(lines) + "\n"
