"""Pure decisions of the stage."""

from opulse.monitoring.sources.rules.holding import lay_holds, leave_foreign, settle_targets
from opulse.monitoring.sources.rules.naming import bounded, hashed_key, host_of, severities_of, words_of
from opulse.monitoring.sources.rules.placing import Placed, missing_sensors, place

__all__ = [
    "Placed",
    "bounded",
    "hashed_key",
    "host_of",
    "lay_holds",
    "leave_foreign",
    "missing_sensors",
    "place",
    "settle_targets",
    "severities_of",
    "words_of",
]
