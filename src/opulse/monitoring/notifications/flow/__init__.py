"""Use cases of the stage: saving, reading with names, previewing."""

from opulse.monitoring.notifications.flow.uses import list_watching_in

__all__ = ["list_watching_in"]
