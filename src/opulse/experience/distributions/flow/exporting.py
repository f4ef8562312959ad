"""Tables to keep: what became of everybody, and who gets no mail any more. Read page by page, so their size does not matter."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.distributions.models import Invitation, ReturnedMail, Suppression
from opulse.experience.distributions.rules import decide_status
from opulse.experience.distributions.store import returning
from opulse.experience.distributions.store.records import find_distribution, list_invitations
from opulse.ports import Ports

AT_ONCE = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HISTORY = (
    "contact",
    "first_name",
    "last_name",
    "email",
    "status",
    "state",
    "reason",
    "rule",
    "language",
    "wave",
    "asked_at",
    "send_by",
    "sent_at",
    "link_expires_at",
    "progress",
    "progress_at",
    "tries",
    "may_have_arrived_twice",
    "relay_code",
    "relay_text",
    "returned",
    "returned_status",
    "returned_category",
    "returned_at",
)
SUPPRESSIONS = ("email", "rule", "since", "contact", "server_text")


async def history_table(ports: Ports, tenant: int, distribution: str, *, names: bool) -> AsyncIterator[str]:
    """One line per recipient of a distribution, in CSV. ``names`` False: without names, addresses and the relay's words."""
    yield _line(HISTORY)
    after = ""
    while True:
        found, returned = await ports.db.read(_page, tenant, distribution, after)
        yield "".join(_line(_recipient(one, returned.get(one.id, []), names=names)) for one in found)
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


async def suppressions_table(ports: Ports, tenant: int, *, names: bool) -> AsyncIterator[str]:
    """Every address that gets no mail, with the rule and since when, in CSV. ``names`` as in :func:`history_table`."""
    yield _line(SUPPRESSIONS)
    before = ""
    while found := await ports.db.read(_suppressed, tenant, before):
        before = found[-1].email
        yield "".join(
            _line(
                (
                    one.email if names else "",
                    one.reason.value,
                    _moment(one.at),
                    one.contact,
                    one.text if names else "",
                )
            )
            for one in found
        )


async def check_distribution(ports: Ports, tenant: int, distribution: str) -> None:
    """Raises LookupError where there is none: before the first line of a table has left."""
    if await ports.db.read(find_distribution, tenant, distribution) is None:
        raise LookupError(distribution)


def _page(
    conn: Connection, tenant: int, distribution: str, after: str
) -> tuple[list[Invitation], dict[str, list[ReturnedMail]]]:
    found = list_invitations(conn, tenant, distribution, after=after, limit=AT_ONCE)
    return found, returning.list_returned(conn, tenant, [one.id for one in found])


def _suppressed(conn: Connection, tenant: int, before: str) -> list[Suppression]:
    return returning.list_suppressions(conn, tenant, before=before, limit=AT_ONCE)


def _recipient(one: Invitation, returned: Sequence[ReturnedMail], *, names: bool) -> list[str]:
    last = returned[-1] if returned else None
    return [
        one.contact,
        one.first_name if names else "",
        one.last_name if names else "",
        one.email if names else "",
        decide_status(one.state, one.reason, one.progress).value,
        one.state.value,
        one.reason,
        one.rule,
        one.language,
        str(one.wave),
        _moment(one.asked_at),
        _moment(one.send_by),
        _moment(one.sent_at),
        _moment(one.expires_at),
        one.progress.value,
        _moment(one.progress_at),
        str(one.attempts),
        "yes" if one.ambiguous else "no",
        str(one.relay_code or ""),
        one.relay_text if names else "",
        last.kind.value if last else "",
        last.status if last else "",
        last.category.value if last else "",
        _moment(last.at if last else None),
    ]


def _moment(moment: datetime | None) -> str:
    """With milliseconds, in UTC, as the product's history has it."""
    return "" if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(cells: Sequence[str]) -> str:
    """A cell that a spreadsheet would compute is given as text."""
    written = io.StringIO()
    csv.writer(written).writerow(["'" + one if one.startswith(_FORMULA) else one for one in cells])
    return written.getvalue()
