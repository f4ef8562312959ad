"""From the token of a personal link to everything its page needs, without writing anything."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.responses import store
from opulse.experience.responses.flow.documents import Documents, KnownDocument, documents_of
from opulse.experience.responses.models import FirstLook, LinkFacts, ResponseState
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
    return await ports.db.look_up(find_facts_in, documents_of(ports.db), tenant, invitation.hex())


async def find_first_look(ports: Ports, token: str) -> tuple[FirstLook, KnownDocument] | None:
    """The link and its document when it may be answered and nothing came through it yet; None: see :func:`find_link`."""
    read = ports.links.read(LinkPurpose.ANSWER, token)
    if read is None:
        return None
    look = await ports.db.look_up(store.find_first_look, read[0], read[1].hex())
    if look is None or ports.clock.now() >= look.expires_at:
        return None
    documents = documents_of(ports.db)
    known = documents.find(look.tenant, look.survey, look.version)
    if known is None:
        known = await ports.db.read(documents.get_in, look.tenant, look.survey, look.version)
    return look, known


def find_facts_in(conn: Connection, documents: Documents, tenant: int, invitation: str) -> LinkFacts | None:
    """:func:`find_link` for an invitation that is known already: one statement, and the document once per process."""
    row = store.find_link(conn, tenant, invitation)
    if row is None:
        return None
    known = documents.get_in(conn, tenant, row.asked.survey, row.asked.version)
    carried = [one for one in row.responses if one.state in CARRIES_ON]
    return LinkFacts(
        asked=row.asked,
        survey=row.survey,
        document=known.document,
        word=known.word,
        response=carried[-1] if carried else None,
        late=any(one.state is ResponseState.LATE for one in row.responses),
        correction=row.correction,
        walked=known.walked,
    )
