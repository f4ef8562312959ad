"""All SQL of recipients, and of which notification tells which recipient."""

from opulse.monitoring.recipients.store.assignments import (
    list_assigned,
    list_notifications_of,
    replace_notifications_of,
    replace_recipients_of,
)
from opulse.monitoring.recipients.store.recipients import (
    delete_recipient,
    disable_recipient,
    enable_recipient,
    find_recipient,
    insert_recipient,
    is_webhook_name_taken,
    list_recipients,
    name_key,
    store_webhook,
    update_recipient,
)
from opulse.monitoring.recipients.store.tables import assignments, recipients

__all__ = [
    "assignments",
    "delete_recipient",
    "disable_recipient",
    "enable_recipient",
    "find_recipient",
    "insert_recipient",
    "is_webhook_name_taken",
    "list_assigned",
    "list_notifications_of",
    "list_recipients",
    "name_key",
    "recipients",
    "replace_notifications_of",
    "replace_recipients_of",
    "store_webhook",
    "update_recipient",
]
