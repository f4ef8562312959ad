"""A record by its mapping as an entry, or why it cannot be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from opulse.monitoring.systems.models import FieldMapping, PersonEntry, SystemEntry, SystemUser
from opulse.monitoring.systems.rules.imports.records import Record
from opulse.monitoring.systems.rules.matching import read_guid

LONGEST = 255
_YES = frozenset({"1", "true", "yes", "y", "x"})
_NO = frozenset({"0", "false", "no", "n", ""})
_DISABLED = 2  # of userAccountControl: ACCOUNTDISABLE
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)  # of lastLogonTimestamp: 100 ns since


class _Refused(ValueError):
    """Why the record is not taken."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry and where it stood."""

    line: int
    entry: SystemEntry


def read_device(record: Record, mapping: FieldMapping) -> SystemEntry | str:
    """The system of a record; in place of one that cannot be taken stands why."""
    try:
        return _device(_map(record, mapping))
    except _Refused as why:
        return str(why)


def read_person(record: Record, mapping: FieldMapping) -> PersonEntry | str:
    """The person of a record; in place of one that cannot be taken stands why."""
    try:
        return _person(_map(record, mapping))
    except _Refused as why:
        return str(why)


def merge_devices(taken: list[Taken]) -> list[Taken]:
    """Records that mean the same system by the same words become one, each user beside the others; later fields have the last
    word. A table has a row per user of a system."""
    merged: dict[tuple[str, str], Taken] = {}
    for one in taken:
        entry = one.entry
        key = (entry.guid or entry.serial or "", "" if entry.guid or entry.serial else entry.name.casefold())
        before = merged.get(key)
        merged[key] = one if before is None else Taken(before.line, _merge(before.entry, entry))
    return list(merged.values())


def _merge(before: SystemEntry, after: SystemEntry) -> SystemEntry:
    said = {
        name: value
        for name in ("fqdn", "domain", "operating_system", "platform", "agent_version", "ip_address", "site")
        if (value := getattr(after, name)) is not None
    }
    attributes = {**(before.attributes or {}), **(after.attributes or {})} or None
    users = tuple(dict.fromkeys((*(before.users or ()), *(after.users or ())))) or None
    return replace(before, name=after.name, attributes=attributes, users=users, **said)


def _map(record: Record, mapping: FieldMapping) -> dict[str, str]:
    values: dict[str, str] = {}
    for target, source in mapping.fields.items():
        value = record.fields.get(source.casefold(), "").strip()
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise _Refused(f"{source}: holds a character that cannot be kept (NUL, or none of UTF-8)")
        if len(value) > LONGEST:
            raise _Refused(f"{source}: longer than {LONGEST} characters")
        values[target] = value
    return values


def _device(values: Mapping[str, str]) -> SystemEntry:
    def said(target: str) -> str | None:
        return values.get(target) or None

    guid = said("system_id")
    if guid is not None and read_guid(guid) is None:
        raise _Refused(f"system_id: {guid!r} is no GUID")
    name = said("name") or (said("fqdn") or "").partition(".")[0] or said("serial") or guid
    if name is None:
        raise _Refused("nothing says which system it is: name, serial and system_id are empty")
    attributes = {
        key.removeprefix("attributes."): value
        for key, value in values.items()
        if key.startswith("attributes.") and value
    }
    user = _user(values)
    return SystemEntry(
        name,
        guid,
        said("fqdn"),
        said("domain"),
        said("operating_system"),
        said("agent_version"),
        said("site"),
        attributes or None,
        None if user is None else (user,),
        said("serial"),
        said("ip_address"),
        said("platform"),
        adds_users=True,
        by_serial=True,
        adds_attributes=True,
        renames=said("name") is not None,
    )


def _user(values: Mapping[str, str]) -> SystemUser | None:
    email = values.get("user.email", "")
    user_id = values.get("user.user_id") or email
    primary, last_logon = (
        values.get("user.is_primary"),
        _time("user.last_logon", values.get("user.last_logon", "")),
    )
    if not user_id:
        return None
    if email and "@" not in email[1:-1]:
        raise _Refused(f"user.email: {email!r} is not an e-mail address")
    return SystemUser(
        user_id,
        email,
        values.get("user.first_name", ""),
        values.get("user.last_name", ""),
        values.get("user.language", ""),
        # a table that does not say so names the primary user
        is_primary=True if primary is None else _flag("user.is_primary", primary),
        last_logon=last_logon,
        department=values.get("user.department", ""),
    )


def _person(values: Mapping[str, str]) -> PersonEntry:
    user_name = values.get("user_name", "")
    if not user_name:
        raise _Refused("nothing says who it is: user_name is empty")
    email = values.get("email", "")
    if email and "@" not in email[1:-1]:
        raise _Refused(f"email: {email!r} is not an e-mail address")
    texts: dict[str, Any] = {
        name: values[name] or None
        for name in ("account", "email", "first_name", "last_name", "display_name", "department", "language")
        if name in values
    }
    active = values.get("active", "")
    return PersonEntry(user_name, **texts, is_active=_active(active) if active else None)


def _active(text: str) -> bool:
    """Also as the bits of userAccountControl."""
    if text.isdecimal() and len(text) > 1:
        return not int(text) & _DISABLED
    return _flag("active", text)


def _flag(target: str, text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise _Refused(f"{target}: {text!r} is neither yes nor no")
    return word in _YES


def _time(target: str, text: str) -> datetime | None:
    """An RFC 3339 time, or a number of 100 ns since 1601 as Active Directory keeps it."""
    if not text or text == "0":
        return None
    try:
        if text.isdecimal() and len(text) > 14:
            return _FILETIME_EPOCH + timedelta(microseconds=int(text) // 10)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise _Refused(f"{target}: {text!r} is no time as 2026-01-31T12:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
