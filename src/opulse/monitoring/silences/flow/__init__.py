"""Set silences and inhibitions, see what they would hide, and ask them before anybody is told."""

from opulse.monitoring.silences.flow.uses import list_silencing_in

__all__ = ["list_silencing_in"]
