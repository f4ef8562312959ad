"""The fact: a notification's condition was met, on these systems, from then until then.

Counts come in from the evaluator; activations with frozen and growing sets of affected systems go out, to pages, to pulses and
over the two affected-systems addresses. Announces ``activation.opened`` and ``activation.closed``.
"""

from opulse.monitoring.activations.flow.decider import Decider
from opulse.monitoring.activations.models import Activation, Counts, Resolution, WhichSystems

__all__ = ["Activation", "Counts", "Decider", "Resolution", "WhichSystems"]
