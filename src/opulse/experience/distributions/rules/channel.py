"""By which way somebody who is to be asked is asked."""

from __future__ import annotations

from collections.abc import Iterable

from opulse.experience.distributions.models.deciding import Decision
from opulse.experience.distributions.models.states import Channel, InvitationState


def by_channel(decisions: Iterable[Decision], channel: Channel) -> list[Decision]:
    """The same decisions for a distribution of this channel: what only desktops show waits for them, and not for the relay."""
    if channel is not Channel.DESKTOP:
        return list(decisions)
    return [
        one._replace(state=InvitationState.OFFERED) if one.state is InvitationState.QUEUED else one
        for one in decisions
    ]
