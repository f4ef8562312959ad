"""Groups as a part of the tenant's configuration: dynamic ones by their filter, static ones by the names of their systems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.flow.dynamic import read_rule
from opulse.monitoring.systems.models import Group, GroupKind, GroupProblem, GroupRefused
from opulse.tenancy.sections import Change, Entry, Section, Work, in_order

NAME = "groups"
_SENTENCES = {
    GroupProblem.NAME_TAKEN: "Another group has this name, written with other capitals; write it as it is there.",
    GroupProblem.BUILT_IN: "All Systems is built in and stands in no document; take it out.",
    GroupProblem.UNKNOWN_SYSTEM: "A system was deleted meanwhile; import once more.",
    GroupProblem.KEPT_BY_RULE: "A dynamic group holds what its rule is true of; take out its systems.",
    GroupProblem.NO_RULE: "A static group cannot become dynamic; give the new one another name.",
}


class GroupEntry(Entry):
    """``systems`` are names; where several systems have a name, GUIDs."""

    kind: Literal["static", "dynamic"]
    rule: str | None = None
    systems: tuple[str, ...] | None = None


def list_own_in(conn: Connection, tenant: int) -> dict[str, Group]:
    """The groups that people made, by name."""
    found = views.list_groups(conn, tenant)
    own = [group for group in found if group.kind in (GroupKind.STATIC, GroupKind.DYNAMIC)]
    return {group.name: group for group in sorted(own, key=lambda one: (one.name.casefold(), one.name))}


def map_names_in(conn: Connection, tenant: int) -> dict[str, str]:
    """Name of a group → its GUID, All Systems too: what later stages refer to."""
    return {group.name: group.guid for group in views.list_groups(conn, tenant)}


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, GroupEntry]:
    own = list_own_in(conn, tenant)
    members = views.list_all_members(conn, tenant) if own else {}
    return {
        name: GroupEntry(kind="dynamic", rule=group.rule)
        if group.kind is GroupKind.DYNAMIC
        else GroupEntry(
            kind="static", systems=in_order(views.list_unique_names(conn, tenant, members[group.idx]))
        )
        for name, group in own.items()
    }


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = list_own_in(work.conn, work.tenant)
    for change in changes:
        try:
            _save_one(work, change, known.get(change.key))
        except GroupRefused as refused:
            work.refuse(NAME, change.key, _words(refused))


def _save_one(work: Work, change: Change, group: Group | None) -> None:
    entry: GroupEntry = change.after
    who = (work.actor, work.now)
    if entry.kind == "dynamic":
        if not entry.rule or entry.systems is not None:
            work.refuse(NAME, change.key, "A dynamic group has a rule, and no systems.")
            return
        read_rule(entry.rule)
        if group is None:
            flow.create_ruled_group_in(work.conn, work.tenant, change.key, entry.rule, *who)
        else:
            flow.change_rule_in(work.conn, work.tenant, group.guid, group.name, entry.rule, *who)
        return
    if entry.rule is not None:
        work.refuse(NAME, change.key, "A static group has systems, and no rule.")
        return
    members = _find_systems(work, change.key, entry.systems or ())
    if members is None:
        return
    if group is None:
        flow.create_group_in(work.conn, work.tenant, change.key, members, *who)
    else:
        flow.change_group_in(work.conn, work.tenant, group.guid, group.name, members, *who)


def _find_systems(work: Work, key: str, named: Sequence[str]) -> list[str] | None:
    """GUIDs of the systems; None: some are not here, which is noted."""
    found = views.find_by_any_name(work.conn, work.tenant, {name.casefold() for name in named})
    unknown = [name for name in named if name.casefold() not in found]
    several = [name for name in named if len(found.get(name.casefold(), ())) > 1]
    if unknown:
        text = f"No system here is called {_few(unknown)}. Import the systems first, or take them out."
        work.refuse(NAME, key, text, "systems")
    if several:
        work.refuse(NAME, key, f"Several systems are called {_few(several)}; write their GUIDs.", "systems")
    return None if unknown or several else [found[name.casefold()][0] for name in named]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = list_own_in(work.conn, work.tenant)
    for key in keys:
        try:
            flow.delete_group_in(work.conn, work.tenant, known[key].guid, work.actor, work.now)
        except GroupRefused as refused:
            work.refuse(NAME, key, _words(refused))


def _words(refused: GroupRefused) -> str:
    if refused.problem is GroupProblem.BAD_RULE:
        return refused.what[0]
    if refused.problem is GroupProblem.IN_USE:
        return f"It cannot be removed: notifications watch it ({_few(refused.what)})."
    return _SENTENCES[refused.problem]


def _settle_in(conn: Connection, tenant: int, entry: GroupEntry) -> GroupEntry:
    """Systems may be named by full name or GUID, in any order: here by the name that the export would use."""
    if not entry.systems:
        return entry
    found = views.find_by_any_name(conn, tenant, {name.casefold() for name in entry.systems})
    certain = {
        name: found[name.casefold()][0] for name in entry.systems if len(found.get(name.casefold(), ())) == 1
    }
    idxs = views.map_living(conn, tenant, certain.values()).values()
    left = [name for name in entry.systems if name not in certain]
    names = [*views.list_unique_names(conn, tenant, idxs), *left]
    return entry.model_copy(update={"systems": in_order(names)})


SECTIONS = (Section(NAME, GroupEntry, _read_in, _save_in, _remove_in, settle_in=_settle_in),)
