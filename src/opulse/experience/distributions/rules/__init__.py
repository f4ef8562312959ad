"""Pure decisions of the stage: whom to ask, what an outcome means, whose turn it is."""

from opulse.experience.distributions.rules.channel import by_channel
from opulse.experience.distributions.rules.deciding import decide_invitations
from opulse.experience.distributions.rules.duplicates import message_digest
from opulse.experience.distributions.rules.following import decide_next_look, why_not_followed
from opulse.experience.distributions.rules.incident_code import incident_code
from opulse.experience.distributions.rules.outlook import Outlook, foresee_end
from opulse.experience.distributions.rules.pipes import further_pipes, message_pipes, slot_names
from opulse.experience.distributions.rules.settling import decide_settlement, retry_delay
from opulse.experience.distributions.rules.status import count_statuses, decide_status
from opulse.experience.distributions.rules.timing import decide_due, zone_of
from opulse.experience.distributions.rules.turns import decide_turn

__all__ = [
    "Outlook",
    "by_channel",
    "count_statuses",
    "decide_due",
    "decide_invitations",
    "decide_next_look",
    "decide_settlement",
    "decide_status",
    "decide_turn",
    "foresee_end",
    "further_pipes",
    "incident_code",
    "message_digest",
    "message_pipes",
    "retry_delay",
    "slot_names",
    "why_not_followed",
    "zone_of",
]
