"""From the token of a personal link to everything its page needs, without writing anything."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.responses import store
from opulse.experience.responses.models import LinkFacts, ResponseState
from opulse.experience.surveys.flow import get_survey_in, get_version_in
from opulse.ports import Ports
from opulse.wire.tokens import LinkPurpose

CARRIES_ON = (ResponseState.IN_PROGRESS, ResponseState.RECORDED, ResponseState.WITHDRAWN)
"""States of the one response of an individual link that a further post goes on with."""


async def find_link(ports: Ports, purpose: LinkPurpose, token: str) -> LinkFacts | None:
    """What the link leads to; None when it was not issued by us for this purpose, or its invitation is gone."""
    read = ports.links.read(purpose, token)
    if read is None:
        return None
    tenant, invitation = read
    return await ports.db.read(find_facts_in, tenant, invitation.hex())


def find_facts_in(conn: Connection, tenant: int, invitation: str) -> LinkFacts | None:
    """:func:`find_link` for an invitation that is known already."""
    asked = store.find_asked(conn, tenant, invitation)
    if asked is None:
        return None
    responses = store.list_responses(conn, tenant, invitation) if asked.individual else []
    carried = [one for one in responses if one.state in CARRIES_ON]
    return LinkFacts(
        asked=asked,
        survey=get_survey_in(conn, tenant, asked.survey).state,
        document=get_version_in(conn, tenant, asked.survey, asked.version).document,
        response=carried[-1] if carried else None,
        late=any(one.state is ResponseState.LATE for one in responses),
        correction=store.find_correction(conn, tenant, invitation),
    )
