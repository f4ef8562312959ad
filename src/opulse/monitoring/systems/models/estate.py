"""A system, its users, a group, and the records by which the evaluator hears of their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

ALL_SYSTEMS = "All Systems"
"""Name of the group that every tenant has from the start and that holds every system."""

ALL_SYSTEMS_IDX = 0
"""Its index; other groups, systems and sensors are numbered from 1."""

RETIRED_IDX = -1
"""Where the retired systems are kept, as the members of a group that no page shows."""

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""``valid_to`` of what still holds (a key column is never null)."""

MOST_SYSTEMS = 2000
"""Systems in one request."""

MOST_MEMBERS = 20_000
"""Systems that one request puts into or takes out of a group."""


GROUP_RULED = "group.ruled"
"""Job: a dynamic group has got its filter, or another one; ``group`` is its index."""


class Numbered(StrEnum):
    """What a tenant counts densely. A number is never given twice."""

    SYSTEM = "system"  # systems.idx
    GROUP = "group"  # system_groups.idx
    SENSOR = "sensor"  # sensors.idx
    JOURNAL = "journal"  # sensor_journal.position


class GroupKind(StrEnum):
    """How a group gets its members."""

    STATIC = "static"  # systems that somebody put in
    DYNAMIC = "dynamic"  # every system that its rule is true of, kept up to date by us
    RETIRED = "retired"  # what counts nowhere; no page shows it as a group
    ALL = "all"  # every system of the tenant; cannot be changed or deleted


class SystemRefusal(StrEnum):
    """Why one system of a request was not taken."""

    BAD_ID = "bad_id"  # system_id is no GUID
    NAMED_TWICE = "named_twice"  # an earlier line of the same request means the same system
    AMBIGUOUS_NAME = "ambiguous_name"  # several systems carry the name: say which by system_id


class GroupProblem(StrEnum):
    """Why a group cannot be made or changed as asked."""

    NAME_TAKEN = "name_taken"  # another group of the tenant has the name, compared without case
    BUILT_IN = "built_in"  # All Systems holds every system and stays as it is
    UNKNOWN_SYSTEM = "unknown_system"  # a member is no system of this tenant
    BAD_RULE = "bad_rule"  # the rule cannot be read; what was expected and where is said beside it
    KEPT_BY_RULE = "kept_by_rule"  # members of a dynamic group come from its rule alone
    NO_RULE = "no_rule"  # a group of systems chosen by hand is given no rule
    IN_USE = "in_use"  # a notification watches it


class GroupRefused(Exception):
    """A group was not made or changed. ``what`` names the culprits (names or GUIDs)."""

    def __init__(self, problem: GroupProblem, what: tuple[str, ...] = ()) -> None:
        super().__init__(f"{problem}: {', '.join(what)}" if what else str(problem))
        self.problem = problem
        self.what = what


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A person on a system, as of some time. ``user_id`` is the account name, compared without case."""

    user_id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    is_primary: bool = False
    is_logged_on: bool = False
    last_logon: datetime | None = None
    department: str = ""


@dataclass(frozen=True, slots=True)
class Logon:
    """Somebody who is logged on to a system. ``since``: the beginning of the oldest session, where that is known."""

    account: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserSpan:
    """What was true of a user on a system from ``valid_from`` until just before ``valid_to``."""

    system: int
    user: SystemUser
    valid_from: datetime
    valid_to: datetime = FOREVER


@dataclass(frozen=True, slots=True)
class System:
    """A monitored device. ``users`` are filled where the reader asked for them, else empty."""

    idx: int
    guid: str
    name: str
    fqdn: str = ""
    domain: str = ""
    operating_system: str = ""
    agent_version: str = ""
    site: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    users: tuple[SystemUser, ...] = ()
    serial: str = ""
    ip_address: str = ""
    platform: str = ""
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """What somebody says of a system. ``None`` leaves what is known.

    ``users`` replaces all of them, or with ``adds_users`` is laid over them; so do ``attributes``. With ``by_serial`` the one
    system that has the serial number is meant before any that has the name. Without ``renames`` a known system keeps its name.
    """

    name: str
    guid: str | None = None
    fqdn: str | None = None
    domain: str | None = None
    operating_system: str | None = None
    agent_version: str | None = None
    site: str | None = None
    attributes: Mapping[str, str] | None = None
    users: tuple[SystemUser, ...] | None = None
    serial: str | None = None
    ip_address: str | None = None
    platform: str | None = None
    adds_users: bool = False
    adds_attributes: bool = False
    by_serial: bool = False
    renames: bool = True


@dataclass(frozen=True, slots=True)
class TakenSystem:
    """One line of a request that was taken. ``changed``: the system or its users are not as they were."""

    index: int
    idx: int
    guid: str
    name: str
    created: bool
    changed: bool = False


@dataclass(frozen=True, slots=True)
class RefusedSystem:
    """One line of a request that was not; ``index`` counts from 0."""

    index: int
    reason: SystemRefusal


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of systems. ``size`` counts living members; ``rule`` is the filter of a dynamic group, as it was typed."""

    idx: int
    guid: str
    name: str
    kind: GroupKind
    size: int = 0
    rule: str = ""


class RecordKind(StrEnum):
    """What one journal record tells. The first is written here, the others by ``sensors``."""

    MEMBERS = "members"  # a group's members changed; those of All Systems are the living systems
    STATES = "states"  # a batch of sensor states
    CATALOGUE = "catalogue"  # sensors were added, switched or changed


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One record. Positions of a tenant run 1, 2, 3, … in the order of commit, without a gap."""

    position: int
    kind: RecordKind
    at: datetime
    payload: bytes


class NewBatch(NamedTuple):
    """A batch of sensor states that is to become a ``STATES`` record; ``answer`` is what its sender is told, again and again."""

    tenant: int
    source: str
    batch: str
    payload: bytes
    answer: bytes
    at: datetime


class MembersRecord(msgspec.Struct, frozen=True, array_like=True):
    """Payload of ``MEMBERS``: the group's index and serialized bitmaps of system indices."""

    group: int
    added: bytes
    removed: bytes
