"""Why not to tell: silences that a person sets, and causes that mute their symptoms.

An activation opens whatever is muted: it is a fact. ``deliveries`` asks here before it tells anybody. What was muted is told when
the silence or the cause is over and the activation is still open; else never, and the activation says so. A silence needs no
job of its own: ``deliveries`` looks at what is muted with the schedule.
"""

from opulse.monitoring.silences.models import Inhibition, Mute, Silence

__all__ = ["Inhibition", "Mute", "Silence"]
