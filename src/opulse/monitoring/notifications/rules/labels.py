"""The words of the three activation options, and of a threshold, in one place.

The product's own words for the options could not be read (systrack.md 3.3), so these are ours and may be replaced here. The
two threshold texts are the product's, character by character.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from opulse.monitoring.notifications.models import ActivationOption, Threshold

OPTION_LABELS: Final[dict[ActivationOption, str]] = {
    ActivationOption.ANY: "Any system",
    ActivationOption.NUMBER: "Number of systems",
    ActivationOption.PERCENTAGE: "Percentage of systems",
}


def describe_threshold(threshold: Threshold) -> str:
    """``1 system currently reporting`` or ``24% of systems currently reporting``: the variable activationThresholdText."""
    value = write_value(threshold.value)
    if threshold.is_percent:
        return f"{value}% of systems currently reporting"
    return f"{value} system{'' if threshold.value == 1 else 's'} currently reporting"


def write_value(value: Decimal) -> str:
    """Without trailing zeros and never in scientific notation: ``24``, ``0.5``, ``100``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
