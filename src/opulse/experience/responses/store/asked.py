"""What one invitation asks of whom: the distribution's and the directory's views, joined."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from opulse.db import Instant
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import DistributionState, LinkType
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import Asked


def find_asked(conn: Connection, tenant: int, invitation: str) -> Asked | None:
    """The invitation, or what a distribution's shared link asks; None when this tenant has neither of that id."""
    return _find_invited(conn, tenant, invitation) or _find_shared(conn, tenant, invitation)


def _find_shared(conn: Connection, tenant: int, link: str) -> Asked | None:
    """An anonymous link: nobody's, open as long as the last invitation of its distribution."""
    row = conn.execute(
        select(distributions, func.max(invitations.c.expires_at, type_=Instant()).label("expires_at"))
        .join(
            invitations,
            and_(
                invitations.c.tenant == distributions.c.tenant,
                invitations.c.distribution == distributions.c.id,
            ),
        )
        .where(
            distributions.c.tenant == tenant,
            distributions.c.shared_link == link,
            distributions.c.link_type == LinkType.ANONYMOUS.value,
        )
        .group_by(distributions.c.tenant, distributions.c.id)
    ).first()
    if row is None:
        return None
    return Asked(
        tenant=tenant,
        invitation=link,
        distribution=row.id,
        survey=row.survey,
        version=row.version,
        activation=row.activation,
        contact="",
        directory="",
        language="",
        time_zone="",
        individual=False,
        cancelled=row.state == DistributionState.CANCELLED.value,
        sent_at=None,
        expires_at=row.expires_at,
    )


def _find_invited(conn: Connection, tenant: int, invitation: str) -> Asked | None:
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
