"""Pure decisions on a notification: the words of its threshold, whether it is reached, and whether a draft can be saved."""

from opulse.monitoring.notifications.rules.drafts import check_draft, minimum_of, needed_of, schedule_of
from opulse.monitoring.notifications.rules.labels import OPTION_LABELS, describe_threshold, write_value
from opulse.monitoring.notifications.rules.schedule import SCHEDULE_LABELS, is_in_hours, is_zone, list_zones
from opulse.monitoring.notifications.rules.threshold import judge_threshold

__all__ = [
    "OPTION_LABELS",
    "SCHEDULE_LABELS",
    "check_draft",
    "describe_threshold",
    "is_in_hours",
    "is_zone",
    "judge_threshold",
    "list_zones",
    "minimum_of",
    "needed_of",
    "schedule_of",
    "write_value",
]
