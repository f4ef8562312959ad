"""Whether counts reach a threshold."""

from __future__ import annotations

from opulse.monitoring.notifications.models import Threshold, ThresholdVerdict


def judge_threshold(
    threshold: Threshold, minimum_systems: int, qualifying: int, reporting: int
) -> ThresholdVerdict:
    """``>=``; a percentage is compared as a product of exact numbers, so that nothing is ever rounded.

    Args:
        qualifying: reporting systems of the group on which every sensor is triggered.
        reporting: systems of the group that report now, the denominator of a percentage.
    """
    if not threshold.is_percent:
        met = qualifying >= threshold.value
        return ThresholdVerdict.MET if met else ThresholdVerdict.BELOW_THRESHOLD
    if reporting == 0:
        return ThresholdVerdict.NOBODY_REPORTS
    if qualifying * 100 < threshold.value * reporting:
        return ThresholdVerdict.BELOW_THRESHOLD
    return ThresholdVerdict.BELOW_MINIMUM if qualifying < minimum_systems else ThresholdVerdict.MET
