"""Samples: drawn once from a list or a segment, kept for a year."""

from __future__ import annotations

import random

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.audiences.models import SAMPLE_LIFE, SampleRefused
from opulse.experience.audiences.rules import Draw, read_size
from opulse.experience.audiences.store import members as store
from opulse.experience.directory import views as directory
from opulse.experience.directory.flow import lists as lists_flow
from opulse.experience.directory.models import ListKind, MailingList, Viewer
from opulse.ports import Ports
from opulse.wire.identifiers import Prefix, new_id

STEP = 2_000


async def draw_sample(
    ports: Ports, tenant: int, source: str, name: str, size: str, viewer: Viewer, actor: str
) -> MailingList:
    """So many, or such a share, of a list or segment by chance; who opted out of it or of more is left out.

    Args:
        size: ``200`` or ``10%``.

    Raises:
        LookupError: no such list that the viewer may see.
        ListRefused: no name.
        SampleRefused: the size is none, or nobody can be drawn.
    """
    number, share = read_size(size)
    name = lists_flow.check_name(name)
    found = await ports.db.read(directory.find_list, tenant, source, viewer)
    if found is None:
        raise LookupError(source)
    draw, after = Draw(number, share, random.SystemRandom()), ""
    while ids := await ports.db.read(store.list_drawable, tenant, source, after, STEP):
        draw.take(ids)
        after = ids[-1]
    drawn = draw.result()
    if not drawn:
        raise SampleRefused("nobody is on it who has not opted out")
    now = ports.clock.now()
    made = MailingList(
        new_id(Prefix.MAILING_LIST),
        found.directory,
        name,
        now,
        len(drawn),
        kind=ListKind.SAMPLE,
        owner=found.owner,
        source=source,
        expires_at=now + SAMPLE_LIFE,
    )

    def unit(conn: Connection) -> None:
        lists_flow.insert_list_in(conn, tenant, made, actor, now)

    await ports.db.write(unit)
    for some in chunked(drawn, STEP):
        await ports.db.write(lists_flow.put_in, tenant, made.id, some, now)
    return made
