"""Which system a line of a request means, and what changes about its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from opulse.monitoring.systems.models import (
    Logon,
    RefusedSystem,
    System,
    SystemEntry,
    SystemRefusal,
    SystemUser,
    UserSpan,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a request and where it stood there."""

    index: int
    entry: SystemEntry


@dataclass(frozen=True, slots=True)
class Match:
    """A line and the system it means; None: a new one."""

    line: Line
    known: System | None


def read_guid(text: str) -> str | None:
    """The GUID in lower case with hyphens, or None."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def check_lines(entries: Sequence[SystemEntry]) -> tuple[list[Line], list[RefusedSystem]]:
    """Lines that can be taken as they stand, their GUIDs in our form, and those that cannot."""
    good: list[Line] = []
    refused: list[RefusedSystem] = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        guid = None if entry.guid is None else read_guid(entry.guid)
        key = guid or _spoken_of(entry)
        if entry.guid is not None and guid is None:
            refused.append(RefusedSystem(index, SystemRefusal.BAD_ID))
        elif key in seen:
            refused.append(RefusedSystem(index, SystemRefusal.NAMED_TWICE))
        else:
            seen.add(key)
            good.append(Line(index, replace(entry, guid=guid)))
    return good, refused


@dataclass(frozen=True, slots=True)
class Known:
    """The systems that lines may mean: by GUID, and by casefolded name and serial number, which several may carry."""

    by_guid: Mapping[str, System]
    by_name: Mapping[str, Sequence[System]]
    by_serial: Mapping[str, Sequence[System]] = field(default_factory=dict)


def match_lines(lines: Sequence[Line], systems: Known) -> tuple[list[Match], list[RefusedSystem]]:
    """Which system each line means: by GUID where it gives one, else the one that carries the name. A line that asks for it
    means the one that carries its serial number first."""
    matches: list[Match] = []
    refused: list[RefusedSystem] = []
    meant: set[int] = set()
    for line in lines:
        known = _candidates(line.entry, systems)
        if len(known) > 1:
            refused.append(RefusedSystem(line.index, SystemRefusal.AMBIGUOUS_NAME))
        elif known and known[0].idx in meant:
            refused.append(RefusedSystem(line.index, SystemRefusal.NAMED_TWICE))
        else:
            meant.update(system.idx for system in known)
            matches.append(Match(line, known[0] if known else None))
    return matches, refused


def lay_over(known: System, entry: SystemEntry) -> System:
    """The system as the entry says it is; what the entry leaves out stays. Whoever is spoken of lives."""
    said = {
        "fqdn": entry.fqdn,
        "domain": entry.domain,
        "operating_system": entry.operating_system,
        "agent_version": entry.agent_version,
        "site": entry.site,
        "attributes": entry.attributes,
        "serial": entry.serial,
        "ip_address": entry.ip_address,
        "platform": entry.platform,
    }
    given = {name: value for name, value in said.items() if value is not None}
    if entry.adds_attributes and entry.attributes is not None:
        given["attributes"] = {**known.attributes, **entry.attributes}
    name = entry.name if entry.renames else known.name
    return replace(known, name=name, deleted=False, **given)  # type: ignore[arg-type]  # str but for attributes


def diff_users(
    system: int, users: Sequence[SystemUser], holding: Mapping[str, UserSpan], now: datetime
) -> list[UserSpan]:
    """The spans to write so that from ``now`` on exactly ``users`` hold; a user named twice counts as last named.

    ``holding`` is by casefolded user id. A span that began at ``now`` is overwritten, not closed: it never held.
    """
    wanted = {user.user_id.casefold(): user for user in users}
    changed = {key: user for key, user in wanted.items() if key not in holding or holding[key].user != user}
    closed = [
        replace(span, valid_to=now)
        for key, span in holding.items()
        if (key in changed and span.valid_from < now) or key not in wanted
    ]
    return closed + [UserSpan(system, user, now) for user in changed.values()]


def lay_logons_over(
    known: Sequence[SystemUser], logons: Sequence[Logon], now: datetime
) -> tuple[SystemUser, ...]:
    """A system's users as they are once ``logons`` are all that are logged on; whoever is new is added.

    An account means the user of that id, else the only user whose id is that account in some domain (``EXAMPLE\\maya``,
    ``maya@example.org``). Where nobody is known as primary user, and one alone is logged on, it is that one.
    """
    on = {_meant(known, logon.account): logon for logon in logons}
    users = [_with_logon(user, on.pop(user.user_id.casefold(), None), now) for user in known]
    users += [
        SystemUser(logon.account, is_logged_on=True, last_logon=logon.since or now) for logon in on.values()
    ]
    if not any(user.is_primary for user in users) and sum(user.is_logged_on for user in users) == 1:
        return tuple(replace(user, is_primary=user.is_logged_on) for user in users)
    return tuple(users)


def _with_logon(user: SystemUser, logon: Logon | None, now: datetime) -> SystemUser:
    if logon is None:
        return replace(user, is_logged_on=False)
    if user.is_logged_on:
        return user
    return replace(user, is_logged_on=True, last_logon=logon.since or now)


def _meant(known: Sequence[SystemUser], account: str) -> str:
    ids = [user.user_id.casefold() for user in known]
    wanted = account.casefold()
    alike = [name for name in ids if _bare(name) == _bare(wanted)]
    return alike[0] if wanted not in ids and len(alike) == 1 else wanted


def _bare(user_id: str) -> str:
    """The account without its domain, whichever way that is written."""
    return user_id.rpartition("\\")[2].partition("@")[0]


def _spoken_of(entry: SystemEntry) -> str:
    if entry.by_serial and entry.serial:
        return "serial:" + entry.serial.casefold()
    return "name:" + entry.name.casefold()


def _candidates(entry: SystemEntry, systems: Known) -> Sequence[System]:
    if entry.guid is not None:
        known = systems.by_guid.get(entry.guid)
        return [] if known is None else [known]
    if entry.by_serial and entry.serial:
        carrying = systems.by_serial.get(entry.serial.casefold(), ())
        if len(carrying) == 1:
            return carrying
    return systems.by_name.get(entry.name.casefold(), [])
