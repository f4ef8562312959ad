"""What one invitation asks of whom: the distribution's and the directory's views, joined."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import DistributionState, LinkType
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import Asked


def find_asked(conn: Connection, tenant: int, invitation: str) -> Asked | None:
    """The invitation; None when this tenant has none of that id."""
    row = conn.execute(
        select(
            invitations.c.distribution,
            invitations.c.activation,
            invitations.c.contact,
            invitations.c.language,
            invitations.c.sent_at,
            invitations.c.expires_at,
            distributions.c.survey,
            distributions.c.version,
            distributions.c.link_type,
            distributions.c.state,
            contacts.c.directory,
            contacts.c.time_zone,
        )
        .join(
            distributions,
            and_(
                distributions.c.tenant == invitations.c.tenant,
                distributions.c.id == invitations.c.distribution,
            ),
        )
        .outerjoin(
            contacts,
            and_(
                contacts.c.tenant == invitations.c.tenant,
                contacts.c.id == invitations.c.contact,
                contacts.c.deleted.is_(False),
            ),
        )
        .where(invitations.c.tenant == tenant, invitations.c.id == invitation)
    ).first()
    if row is None:
        return None
    return Asked(
        tenant=tenant,
        invitation=invitation,
        distribution=row.distribution,
        survey=row.survey,
        version=row.version,
        activation=row.activation,
        contact=row.contact,
        directory=row.directory or "",
        language=row.language,
        time_zone=row.time_zone or "",
        individual=row.link_type == LinkType.INDIVIDUAL.value,
        cancelled=row.state == DistributionState.CANCELLED.value,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
    )
