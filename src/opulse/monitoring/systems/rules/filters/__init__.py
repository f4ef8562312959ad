"""The language of dynamic groups: text to a tree, and a tree's verdict on one system.

    platform = "Windows" and not (name startsWith "KIOSK" or attributes.ring in (canary, "early ring"))
    ipAddress in (10.20.0.0/16) and agentVersion < 10.12
    user.department = Finance and lastReported > 30d

Texts are compared without case. ``docs/howto/group-systems.md`` is its reference for people.
"""

from opulse.monitoring.systems.rules.filters.facts import facts_of, ordered, read_address
from opulse.monitoring.systems.rules.filters.judging import is_true
from opulse.monitoring.systems.rules.filters.parsing import FIELDS, has_age, read_filter

__all__ = ["FIELDS", "facts_of", "has_age", "is_true", "ordered", "read_address", "read_filter"]
