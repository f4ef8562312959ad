"""Pure decisions of the stage: which system a line means, and whether a filter is true of a system."""

from opulse.monitoring.systems.rules.matching import (
    Known,
    Line,
    Match,
    check_lines,
    diff_users,
    lay_logons_over,
    lay_over,
    match_lines,
    read_guid,
)

__all__ = [
    "Known",
    "Line",
    "Match",
    "check_lines",
    "diff_users",
    "lay_logons_over",
    "lay_over",
    "match_lines",
    "read_guid",
]
