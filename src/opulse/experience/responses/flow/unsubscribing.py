"""Take somebody's word that they want no more mails."""

from __future__ import annotations

from opulse.db import Priority
from opulse.experience.distributions.flow.links import unsubscribe_in
from opulse.experience.responses.models import LinkFacts
from opulse.ports import Ports


async def unsubscribe(ports: Ports, facts: LinkFacts) -> None:
    """The contact is opted out of the list that was asked, or where none was, of the directory. Again changes nothing."""
    asked = facts.asked
    await ports.db.write_first(
        Priority.ANSWER, unsubscribe_in, asked.tenant, asked.invitation, ports.clock.now()
    )
