"""Pure decisions on a notification: the words of its threshold, whether it is reached, and whether a draft can be saved."""

from opulse.monitoring.notifications.rules.drafts import check_draft, minimum_of
from opulse.monitoring.notifications.rules.labels import OPTION_LABELS, describe_threshold, write_value
from opulse.monitoring.notifications.rules.threshold import judge_threshold

__all__ = [
    "OPTION_LABELS",
    "check_draft",
    "describe_threshold",
    "judge_threshold",
    "minimum_of",
    "write_value",
]
