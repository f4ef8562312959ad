"""What a relay said of mails that it refused."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from opulse.db import json_list
from opulse.experience.distributions.models.sending import BouncedMail
from opulse.experience.distributions.store.tables import invitations


def list_bounced(conn: Connection, tenant: int, ids: Sequence[str]) -> list[BouncedMail]:
    """Of these invitations, those that led to a contact."""
    listed = json_list(conn, ids)
    rows = conn.execute(
        select(
            invitations.c.contact,
            invitations.c.activation,
            invitations.c.relay_code,
            invitations.c.relay_text,
        ).where(
            invitations.c.tenant == tenant,
            invitations.c.contact != "",
            invitations.c.id.in_(select(listed.c.value)),
        )
    )
    return [BouncedMail(row.contact, row.activation, row.relay_code, row.relay_text) for row in rows]
