"""Replay: how often a rule would have activated over the sensor states that are stored, on whom, and who would have been asked.

Nothing is written and nobody is told. The same rule decides as in earnest; what the journal does not tell is said in
:class:`Replay`.
"""

from opulse.pulses.replay.flow import replay
from opulse.pulses.replay.models import Replay, ReplayRefused, WouldBe

__all__ = ["Replay", "ReplayRefused", "WouldBe", "replay"]
