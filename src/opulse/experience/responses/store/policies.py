"""How the responses of each survey are kept."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, PrimaryKeyConstraint, Table, Text, select

from opulse.db import metadata, upsert
from opulse.experience.responses.models import Identity, ResponsePolicy

response_policies = Table(
    "response_policies",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("survey", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("partial_days", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "survey"),
)


def find_policy(conn: Connection, tenant: int, survey: str) -> ResponsePolicy:
    """What was set, else the defaults."""
    row = conn.execute(
        select(response_policies).where(
            response_policies.c.tenant == tenant, response_policies.c.survey == survey
        )
    ).one_or_none()
    return (
        ResponsePolicy(survey)
        if row is None
        else ResponsePolicy(survey, Identity(row.identity), row.partial_days)
    )


def upsert_policy(conn: Connection, tenant: int, policy: ResponsePolicy) -> None:
    """Set it."""
    row = {
        "tenant": tenant,
        "survey": policy.survey,
        "identity": policy.identity.value,
        "partial_days": policy.partial_days,
    }
    upsert(conn, response_policies, [row], key=["tenant", "survey"], change=["identity", "partial_days"])
