"""Who is told when a notification activates: people, lists, other products; by e-mail or by webhook.

Recipients and their assignment to notifications come in; requests ready to send go out. Announces no jobs. Secrets are sealed
in the store and are in the clear only while something is sent.
"""

from opulse.monitoring.recipients.models import (
    Channel,
    Recipient,
    RecipientDraft,
    RecipientInUse,
    RecipientRefused,
    RecipientType,
    Webhook,
)

__all__ = [
    "Channel",
    "Recipient",
    "RecipientDraft",
    "RecipientInUse",
    "RecipientRefused",
    "RecipientType",
    "Webhook",
]
