"""Pure decisions of the stage: whom to ask, what an outcome means, whose turn it is."""

from opulse.experience.distributions.rules.channel import by_channel
from opulse.experience.distributions.rules.deciding import decide_invitations
from opulse.experience.distributions.rules.incident_code import incident_code
from opulse.experience.distributions.rules.pipes import further_pipes, message_pipes, slot_names
from opulse.experience.distributions.rules.settling import decide_settlement, retry_delay
from opulse.experience.distributions.rules.turns import decide_turn

__all__ = [
    "by_channel",
    "decide_invitations",
    "decide_settlement",
    "decide_turn",
    "further_pipes",
    "incident_code",
    "message_pipes",
    "retry_delay",
    "slot_names",
]
