"""Directories, mailing lists and frequency rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory.models import Directory, FrequencyRule, MailingList, RuleKind
from opulse.experience.directory.store import contacts, members
from opulse.experience.directory.store import lists as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id, new_ids

DAY = 86_400


async def create_directory(ports: Ports, tenant: int, name: str, actor: str) -> Directory:
    """A directory with the default frequency rules; the tenant's first one is its default directory."""
    return await ports.db.write(create_directory_in, tenant, name, actor, ports.clock.now())


def create_directory_in(conn: Connection, tenant: int, name: str, actor: str, now: datetime) -> Directory:
    """:func:`create_directory` inside another unit."""
    first = not store.list_directories(conn, tenant)
    directory = Directory(new_id(Prefix.DIRECTORY), name.strip() or "Directory", first, now)
    store.insert_directory(conn, tenant, directory)
    store.replace_rules(conn, tenant, directory.id, default_rules())
    audit_in(conn, tenant, actor, "directory.created", directory.id, None, {"name": name}, now)
    return directory


async def create_list(ports: Ports, tenant: int, directory: str, name: str, actor: str) -> MailingList:
    """A mailing list of the directory.

    Raises:
        LookupError: no such directory.
        ValueError: no name, or one above 100 characters.
    """
    return await ports.db.write(create_list_in, tenant, directory, name, actor, ports.clock.now())


def create_list_in(
    conn: Connection, tenant: int, directory: str, name: str, actor: str, now: datetime
) -> MailingList:
    """:func:`create_list` inside another unit."""
    if not 0 < len(name.strip()) <= 100:
        raise ValueError("a mailing list has a name of 1 to 100 characters")
    if store.find_directory(conn, tenant, directory) is None:
        raise LookupError(directory)
    made = MailingList(new_id(Prefix.MAILING_LIST), directory, name.strip(), now)
    store.insert_list(conn, tenant, made)
    audit_in(conn, tenant, actor, "mailing_list.created", made.id, None, {"name": name}, now)
    return made


async def add_members(ports: Ports, tenant: int, list_id: str, ids: Sequence[str], actor: str) -> None:
    """Put contacts of the list's directory on it.

    Raises:
        LookupError: no such list.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = store.find_list(conn, tenant, list_id)
        if found is None:
            raise LookupError(list_id)
        known = [one for one in ids if contacts.find_contact(conn, tenant, found.directory, one)]
        members.insert_members(conn, tenant, list_id, known, now)
        if known:
            after = {"contacts": len(known), "first": known[:20]}
            audit_in(conn, tenant, actor, "mailing_list.members_added", list_id, None, after, now)

    await ports.db.write(unit)


async def set_rules(
    ports: Ports, tenant: int, directory: str, wanted: Sequence[tuple[RuleKind, int, int]], actor: str
) -> list[FrequencyRule]:
    """Replace the directory's frequency rules by (kind, limit, period in seconds).

    Raises:
        LookupError: no such directory.
        ValueError: more than 20 rules, or a limit or period below 1 where the kind needs one.
    """
    return await ports.db.write(set_rules_in, tenant, directory, wanted, actor, ports.clock.now())


def set_rules_in(
    conn: Connection,
    tenant: int,
    directory: str,
    wanted: Sequence[tuple[RuleKind, int, int]],
    actor: str,
    now: datetime,
) -> list[FrequencyRule]:
    """:func:`set_rules` inside another unit."""
    _check_rules(wanted)
    if store.find_directory(conn, tenant, directory) is None:
        raise LookupError(directory)
    numbers = new_ids(Prefix.FREQUENCY_RULE, len(wanted)) if wanted else []
    rules = [
        FrequencyRule(number, kind, limit, period)
        for number, (kind, limit, period) in zip(numbers, wanted, strict=True)
    ]
    before = {"rules": [_plain(rule) for rule in store.list_rules(conn, tenant, directory)]}
    store.replace_rules(conn, tenant, directory, rules)
    after = {"rules": [_plain(rule) for rule in rules]}
    audit_in(conn, tenant, actor, "frequency_rules.changed", directory, before, after, now)
    return rules


def _check_rules(wanted: Sequence[tuple[RuleKind, int, int]]) -> None:
    if len(wanted) > 20:
        raise ValueError("a directory has at most 20 frequency rules")
    for kind, limit, period in wanted:
        if kind is RuleKind.MAX_IN_PERIOD and (limit < 1 or period < 1):
            raise ValueError("'at most N in a period' needs N and the period in seconds")
        if kind is RuleKind.MIN_GAP and period < 1:
            raise ValueError("'at least T between messages' needs the period in seconds")


def default_rules() -> list[FrequencyRule]:
    """The decided default: 1 per 24 h, 2 per 7 days, 4 per 30 days, one per activation (spine.md)."""
    numbers = new_ids(Prefix.FREQUENCY_RULE, 4)
    return [
        FrequencyRule(numbers[0], RuleKind.MAX_IN_PERIOD, 1, DAY),
        FrequencyRule(numbers[1], RuleKind.MAX_IN_PERIOD, 2, 7 * DAY),
        FrequencyRule(numbers[2], RuleKind.MAX_IN_PERIOD, 4, 30 * DAY),
        FrequencyRule(numbers[3], RuleKind.ONE_PER_ACTIVATION, 1, 0),
    ]


def _plain(rule: FrequencyRule) -> dict[str, object]:
    return {"kind": rule.kind.value, "limit": rule.limit, "period_seconds": rule.period_seconds}
