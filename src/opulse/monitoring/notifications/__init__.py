"""The rule: which sensors, in which group, on how many systems, and who is told.

Drafts come in and are checked against sensors, groups and recipients; saved notifications go out to the decider. Announces
``notification.changed`` with every edit and deletion, because both end the open activation.
"""

from opulse.monitoring.notifications.models import (
    ActivationOption,
    Notification,
    NotificationDraft,
    NotificationRefused,
    SensorChoice,
    Threshold,
)

__all__ = [
    "ActivationOption",
    "Notification",
    "NotificationDraft",
    "NotificationRefused",
    "SensorChoice",
    "Threshold",
]
