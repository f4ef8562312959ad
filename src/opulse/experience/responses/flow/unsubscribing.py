"""Take somebody's word that they want no more mails."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.experience.directory.flow.people import edit_contact_in
from opulse.experience.directory.models import Cause
from opulse.experience.responses.models import Asked, LinkFacts
from opulse.ports import Ports


async def unsubscribe(ports: Ports, facts: LinkFacts) -> None:
    """The contact is opted out of the directory. Doing it again, or for a contact that is gone, changes nothing."""
    now = ports.clock.now()

    def unit(conn: Connection, asked: Asked) -> None:
        if asked.directory:
            edit_contact_in(
                conn,
                asked.tenant,
                asked.directory,
                asked.contact,
                {"unsubscribed": True},
                {},
                cause=Cause(),
                now=now,
                actor="the person, by the link in the mail",
            )

    await ports.db.write_first(Priority.ANSWER, unit, facts.asked)
