"""Members of dynamic groups: whoever the group's filter is true of, after each change of a system and as time goes by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.systems.flow.members import write_members_in
from opulse.monitoring.systems.models import Filter, FilterError, GroupProblem, GroupRefused, LastReports
from opulse.monitoring.systems.rules.filters import has_age, ordered, read_filter
from opulse.monitoring.systems.store import facts, groups, reports
from opulse.ports import Ports
from opulse.tenancy import list_tenants

_LOOK_BACK = timedelta(minutes=1)
"""Systems written so shortly before a filter was asked may not have been seen by it: their unit began before, and ended after."""


def read_rule(text: str) -> Filter:
    """The filter of a group.

    Raises:
        GroupRefused: it cannot be read; ``what`` says where and what was expected.
    """
    try:
        return _read(text)
    except FilterError as error:
        raise GroupRefused(GroupProblem.BAD_RULE, (str(error),)) from error


def follow_rules_in(conn: Connection, tenant: int, touched: BitMap, now: datetime) -> None:
    """The facts of these systems were written: put them into the dynamic groups they belong to now, and out of the others."""
    ruled = groups.lock_ruled(conn, tenant)
    if not ruled:
        return
    terms = {idx: _read(one.rule) for idx, one in ruled.items()}
    known = _reports_for(conn, tenant, terms.values(), now)
    found = facts.list_matching_among(conn, tenant, touched, terms, known, ordered)
    for idx, one in ruled.items():
        write_members_in(conn, tenant, idx, one.members, (one.members - touched) | found[idx], now)


async def fill_group(ports: Ports, tenant: int, idx: int) -> None:
    """Ask the group's filter of every system, and set the members. Nothing where the group is gone or chosen by hand."""
    began = ports.clock.now()
    rule = await ports.db.read(groups.find_rule, tenant, idx)
    if not rule:
        return
    found = await ports.db.read(find_matching, tenant, _read(rule), began)
    await ports.db.write(_settle_in, tenant, idx, rule, found, began)


async def refresh_aging(ports: Ports) -> None:
    """Ask the filters again that time alone can change the answer of, of every tenant."""
    for tenant in await ports.db.read(list_tenants):
        rules = await ports.db.read(groups.list_rules, tenant.id)
        for idx in (idx for idx, rule in rules.items() if has_age(_read(rule))):
            await fill_group(ports, tenant.id, idx)


def find_matching(conn: Connection, tenant: int, term: Filter, now: datetime) -> BitMap:
    """Systems that the filter is true of."""
    known = _reports_for(conn, tenant, [term], now)
    return facts.list_matching(conn, tenant, term, known, ordered)


def _settle_in(conn: Connection, tenant: int, idx: int, rule: str, found: BitMap, began: datetime) -> None:
    """What was read is set, but for systems that were written meanwhile: these are asked once more, under the group's lock."""
    one = groups.lock_ruled(conn, tenant, idx).get(idx)
    if one is None or one.rule != rule:
        return  # whoever changed the rule fills it
    term = _read(rule)
    again = facts.list_changed(conn, tenant, began - _LOOK_BACK)
    known = _reports_for(conn, tenant, [term], began)
    now_in = facts.list_matching_among(conn, tenant, again, {idx: term}, known, ordered)[idx]
    write_members_in(conn, tenant, idx, one.members, (found - again) | now_in, began)


def _reports_for(conn: Connection, tenant: int, terms: Iterable[Filter], now: datetime) -> LastReports:
    if any(has_age(term) for term in terms):
        return reports.read_last_reports(conn, tenant, now)
    return LastReports({}, now)


@lru_cache(maxsize=1000)
def _read(text: str) -> Filter:
    return read_filter(text)
