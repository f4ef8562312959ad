"""Use cases of the stage: keeping sources, taking what they receive, ending what nobody repeats, previews, imports."""

from opulse.monitoring.sources.flow.uses import list_holding_in

__all__ = ["list_holding_in"]
