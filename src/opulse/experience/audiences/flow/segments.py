"""Segments: made, changed, previewed; their members follow the rule when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.audiences.models import SEGMENT_REFRESH, RuleUnreadable, Term
from opulse.experience.audiences.rules import read_rule
from opulse.experience.audiences.store import members as store
from opulse.experience.directory import views as directory
from opulse.experience.directory.flow import lists as lists_flow
from opulse.experience.directory.models import (
    SEGMENTS_MAX,
    Contact,
    FieldScope,
    ListKind,
    ListRefused,
    MailingList,
    Viewer,
)
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

STEP = 2_000
STALE_AFTER = timedelta(hours=6)
"""The product asks within 24 hours."""
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Matches:
    """How many contacts a rule is true of now, and the first of them."""

    count: int
    first: tuple[Contact, ...]


async def preview_rule(ports: Ports, tenant: int, directory_id: str, rule: str) -> Matches:
    """Who would be in a segment of this rule.

    Raises:
        RuleUnreadable: the text is no rule.
    """
    now = ports.clock.now()

    def read(conn: Connection) -> Matches:
        term = _term(conn, tenant, directory_id, rule)
        first = store.list_matches(conn, tenant, directory_id, term, now, SHOWN)
        return Matches(store.count_matches(conn, tenant, directory_id, term, now), tuple(first))

    return await ports.db.read(read)


async def create_segment(
    ports: Ports, tenant: int, directory_id: str, name: str, rule: str, actor: str
) -> MailingList:
    """A segment, which everybody may see; a job fills it.

    Raises:
        LookupError: no such directory.
        ListRefused: no name, or too many segments.
        RuleUnreadable: the text is no rule.
    """
    now = ports.clock.now()
    number = new_id(Prefix.MAILING_LIST)
    made = MailingList(
        number, directory_id, lists_flow.check_name(name), now, kind=ListKind.SEGMENT, rule=rule.strip()
    )

    def unit(conn: Connection) -> None:
        _term(conn, tenant, directory_id, rule)
        if directory.count_segments(conn, tenant, directory_id) >= SEGMENTS_MAX:
            raise ListRefused(f"a directory has at most {SEGMENTS_MAX} segments")
        lists_flow.insert_list_in(conn, tenant, made, actor, now)
        ask_again_in(conn, tenant, made.id)

    await ports.db.write(unit)
    return made


async def change_segment(
    ports: Ports, tenant: int, segment: str, name: str, rule: str, actor: str
) -> MailingList:
    """Another name or rule.

    Raises:
        LookupError: no such segment.
        ListRefused: no name.
        RuleUnreadable: the text is no rule.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> MailingList:
        found = find_segment_in(conn, tenant, segment)
        _term(conn, tenant, found.directory, rule)
        changed = replace(found, name=lists_flow.check_name(name), rule=rule.strip())
        lists_flow.set_rule_in(conn, tenant, changed)
        before, after = ({"name": one.name, "rule": one.rule} for one in (found, changed))
        audit_in(conn, tenant, actor, "segment.changed", segment, before, after, now)
        ask_again_in(conn, tenant, segment)
        return changed

    return await ports.db.write(unit)


async def ask_again(ports: Ports, tenant: int, segment: str) -> None:
    """Have the rule asked now. Raises: LookupError, when there is no such segment."""

    def unit(conn: Connection) -> None:
        find_segment_in(conn, tenant, segment)
        ask_again_in(conn, tenant, segment)

    await ports.db.write(unit)


def ask_again_in(conn: Connection, tenant: int, segment: str) -> None:
    """Enqueue the job that sets the members."""
    enqueue(conn, tenant, SEGMENT_REFRESH, {"segment": segment}, unique=segment, priority=7)


async def refresh_segment(ports: Ports, tenant: int, segment: str) -> None:
    """Ask the rule of all contacts, 2,000 per write unit; run twice it sets the same."""
    after = ""
    while (
        last := await ports.db.write(_refresh_step, tenant, segment, after, ports.clock.now())
    ) is not None:
        after = last
    await ports.db.write(lists_flow.set_refreshed_in, tenant, segment, ports.clock.now())


def find_segment_in(conn: Connection, tenant: int, segment: str, viewer: Viewer | None = None) -> MailingList:
    """Raises: LookupError, when there is no such segment."""
    found = directory.find_list(conn, tenant, segment)
    if found is None or found.kind is not ListKind.SEGMENT:
        raise LookupError(segment)
    return found


def _refresh_step(conn: Connection, tenant: int, segment: str, after: str, now: datetime) -> str | None:
    """The next contacts; None when there are no more, or the segment is gone."""
    found = directory.find_list(conn, tenant, segment)
    if found is None or found.kind is not ListKind.SEGMENT:
        return None
    try:
        term = _term(conn, tenant, found.directory, found.rule)
    except RuleUnreadable:  # a field lost the type that the rule needs: the members stay, the page says why
        return None
    ids, last = store.step_of(conn, tenant, found.directory, term, after, STEP, now)
    if not last:
        return None
    lists_flow.set_span_in(conn, tenant, segment, ids, (after, last), now)
    return last


def _term(conn: Connection, tenant: int, directory_id: str, rule: str) -> Term:
    declared = directory.find_declared(conn, tenant, directory_id, FieldScope.CONTACT)
    return read_rule(rule, declared)
