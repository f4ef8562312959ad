"""What one invitation asks of whom and what it has led to: the views of the stages before, joined with our own tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    null,
    select,
)

from opulse.db import CompiledLookUp, Instant, instant
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import DistributionState, LinkType
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import (
    Asked,
    CorrectionKind,
    FirstLook,
    LinkRow,
    Response,
    ResponseState,
)
from opulse.experience.responses.store.tables import owner_corrections, responses
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import surveys


def find_link(conn: Connection, tenant: int, invitation: str) -> LinkRow | None:
    """The invitation, or what a distribution's shared link asks; None when this tenant has neither of that id."""
    bound = {"tenant": tenant, "invitation": invitation}
    rows = conn.execute(_INVITED, bound).all() or conn.execute(_SHARED, bound).all()
    if not rows:
        return None
    return LinkRow(
        asked=_asked(tenant, invitation, rows[0]),
        survey=SurveyState(rows[0].survey_state),
        responses=_responses(invitation, rows),
        correction=CorrectionKind(rows[0].correction) if rows[0].correction else None,
    )


def find_first_look(conn: Connection, tenant: int, invitation: str) -> FirstLook | None:
    """The individual link, unless its survey or distribution is closed or something came through it already."""
    rows = _FIRST_LOOK.rows(conn, tenant, invitation)
    if not rows:
        return None
    survey, version, language, time_zone, expires_at = rows[0]
    return FirstLook(tenant, invitation, survey, version, language, time_zone, instant(expires_at))


def _with(table: FromClause, of: FromClause, **columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Rows of ``table`` in the tenant of ``of``, whose columns hold those values."""
    return and_(table.c.tenant == of.c.tenant, *(table.c[name] == value for name, value in columns.items()))


def _invited() -> Select[Any]:
    """One row per response of the invitation; one row when there is none."""
    individual = distributions.c.link_type == LinkType.INDIVIDUAL.value
    living = and_(
        _with(contacts, invitations, id=invitations.c.contact),
        contacts.c.deleted.is_(False),
    )
    return (
        select(
            invitations.c.distribution,
            invitations.c.contact,
            invitations.c.language,
            invitations.c.sent_at,
            invitations.c.expires_at,
            invitations.c.activation,
            distributions.c.survey,
            distributions.c.version,
            distributions.c.link_type,
            distributions.c.state,
            surveys.c.state.label("survey_state"),
            contacts.c.directory,
            contacts.c.time_zone,
            owner_corrections.c.kind.label("correction"),
            responses.c.id.label("response"),
            responses.c.state.label("response_state"),
            responses.c.answers,
            responses.c.language.label("response_language"),
            responses.c.revision,
            responses.c.started_at,
            responses.c.updated_at,
        )
        .join(distributions, _with(distributions, invitations, id=invitations.c.distribution))
        .join(surveys, _with(surveys, distributions, id=distributions.c.survey))
        .outerjoin(contacts, living)
        .outerjoin(owner_corrections, _with(owner_corrections, invitations, invitation=invitations.c.id))
        .outerjoin(responses, and_(_with(responses, invitations, invitation=invitations.c.id), individual))
        .where(
            invitations.c.tenant == bindparam("tenant"),
            invitations.c.id == bindparam("invitation"),
        )
    )


def _shared() -> Select[Any]:
    """An anonymous link: nobody's, open as long as the last invitation of its distribution."""
    empty = literal("", String())
    return (
        select(
            distributions.c.id.label("distribution"),
            empty.label("contact"),
            empty.label("language"),
            null().label("sent_at"),
            func.max(invitations.c.expires_at, type_=Instant()).label("expires_at"),
            distributions.c.activation,
            distributions.c.survey,
            distributions.c.version,
            distributions.c.link_type,
            distributions.c.state,
            surveys.c.state.label("survey_state"),
            empty.label("directory"),
            empty.label("time_zone"),
            func.max(owner_corrections.c.kind).label("correction"),
            null().label("response"),
        )
        .join(surveys, _with(surveys, distributions, id=distributions.c.survey))
        .join(invitations, _with(invitations, distributions, distribution=distributions.c.id))
        .outerjoin(
            owner_corrections, _with(owner_corrections, distributions, invitation=distributions.c.shared_link)
        )
        .where(
            distributions.c.tenant == bindparam("tenant"),
            distributions.c.shared_link == bindparam("invitation"),
            distributions.c.link_type == LinkType.ANONYMOUS.value,
        )
        .group_by(distributions.c.tenant, distributions.c.id, surveys.c.state)
    )


def _first_look() -> Select[Any]:
    sent = select(literal(1)).where(_with(responses, invitations, invitation=invitations.c.id))
    corrected = select(literal(1)).where(_with(owner_corrections, invitations, invitation=invitations.c.id))
    living = and_(_with(contacts, invitations, id=invitations.c.contact), contacts.c.deleted.is_(False))
    return (
        select(
            distributions.c.survey,
            distributions.c.version,
            invitations.c.language,
            func.coalesce(contacts.c.time_zone, ""),
            invitations.c.expires_at,
        )
        .select_from(invitations)
        .join(distributions, _with(distributions, invitations, id=invitations.c.distribution))
        .join(surveys, _with(surveys, distributions, id=distributions.c.survey))
        .outerjoin(contacts, living)
        .where(
            invitations.c.tenant == bindparam("tenant"),
            invitations.c.id == bindparam("invitation"),
            distributions.c.link_type == LinkType.INDIVIDUAL.value,
            distributions.c.state != DistributionState.CANCELLED.value,
            surveys.c.state == SurveyState.ACTIVE.value,
            ~sent.exists(),
            ~corrected.exists(),
        )
    )


_FIRST_LOOK = CompiledLookUp(_first_look(), "tenant", "invitation")
_INVITED = _invited()
_SHARED = _shared()


def _asked(tenant: int, link: str, row: Row[Any]) -> Asked:
    return Asked(
        tenant=tenant,
        invitation=link,
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


def _responses(invitation: str, rows: Sequence[Row[Any]]) -> tuple[Response, ...]:
    """The latest last."""
    found = (
        Response(
            id=row.response,
            invitation=invitation,
            state=ResponseState(row.response_state),
            answers=row.answers,
            language=row.response_language,
            revision=row.revision,
            started_at=row.started_at,
            updated_at=row.updated_at,
        )
        for row in rows
        if row.response is not None
    )
    return tuple(sorted(found, key=lambda one: (one.updated_at, one.id)))
