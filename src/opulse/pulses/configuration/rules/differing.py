"""How two entries differ, value by value, and which secrets stand in one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from opulse.pulses.configuration.models import Doing, EntryChange, FieldChange
from opulse.wire.configuration import SECRET

TYPED_ANEW = "(a new secret)"


def compare_entries(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, typed: Iterable[str] = ()
) -> tuple[FieldChange, ...]:
    """The values that differ. ``typed``: paths (with dots) of secrets that are given anew."""
    was, becomes = leaves(before or {}), leaves(after or {})
    new = set(typed)
    changes = []
    for path in dict.fromkeys([*was, *becomes]):
        if path in new and path in becomes:
            changes.append(FieldChange(path, was.get(path), TYPED_ANEW))
        elif was.get(path) != becomes.get(path):
            changes.append(FieldChange(path, was.get(path), becomes.get(path)))
    return tuple(changes)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Path with dots → value. Lists of plain values are one value; members of others are known by name, else by place."""
    if isinstance(value, Mapping) and (value or not path):
        return _together((f"{path}.{name}" if path else name, inner) for name, inner in value.items())
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return _together((f"{path}.{_name(one, number)}", inner_of(one)) for number, one in enumerate(value))
    return {path: value}


def inner_of(one: Any) -> Any:
    """A member of a list without the name that is in its path."""
    if isinstance(one, Mapping) and isinstance(one.get("name"), str):
        return {name: value for name, value in one.items() if name != "name"} or True
    return one


def secrets_in(value: Any, path: tuple[str, ...]) -> list[str]:
    """Paths (with slashes) of the secrets in an entry."""
    if isinstance(value, Mapping):
        return [found for name, inner in value.items() for found in secrets_in(inner, (*path, str(name)))]
    if isinstance(value, list):
        return [
            found
            for number, one in enumerate(value)
            for found in secrets_in(one, (*path, _name(one, number)))
        ]
    return ["/".join(path)] if value == SECRET else []


def token_of(changes: Iterable[EntryChange]) -> str:
    """The same for the same changes, whichever secrets are still to be given or given by now."""
    said = []
    for one in changes:
        fields = [[f.path, f.before, f.after] for f in one.fields if f.after not in (SECRET, TYPED_ANEW)]
        if fields or not one.fields or one.doing is not Doing.CHANGED:
            said.append([one.section, one.key, one.doing.value, fields])
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _name(one: Any, number: int) -> str:
    named = one.get("name") if isinstance(one, Mapping) else None
    return named if isinstance(named, str) else str(number)


def _together(parts: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, inner in parts:
        found |= leaves(inner, path)
    return found
