"""How a tenant's configuration is carried as a document: what a stage offers of it, and what it is given to write it.

A stage offers :class:`Section` objects in a module ``configuring``. Entries are known by name, never by id, so that a document
of one installation can be read by another (ADR 0013).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from opulse.ports import Ports

T = TypeVar("T")


class Entry(BaseModel):
    """One named thing of a section. What is left out of a document has its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def shown(self) -> dict[str, Any]:
        """As it stands in a document: plain values, without what is not set."""
        shown: dict[str, Any] = plain(self)
        return shown


def plain(value: Any) -> Any:
    """Text, numbers, lists and mappings: models in the order of their fields, mappings in that of their keys."""
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return {name: plain(inner) for name, inner in fields.items() if inner is not None}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in a document, with the path where it stands: section, name, field."""

    path: tuple[str, ...]
    text: str


class ConfigurationRefused(Exception):
    """A document was not taken; nothing of it was."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{'/'.join(one.path)}: {one.text}" for one in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Change:
    """What an entry becomes. ``before`` None: it is new."""

    key: str
    before: Any
    after: Any


@dataclass(slots=True)
class Work:
    """What a section is given to write: the unit's connection, who imports, and the secrets that were typed.

    ``secrets``: path with slashes → the secret. ``faults`` fill up while the unit goes on; it is rolled back when there are any.
    """

    ports: Ports
    conn: Connection
    tenant: int
    actor: str
    now: datetime
    secrets: Mapping[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, section: str, key: str, text: str, *where: str) -> None:
        """Note what keeps this entry from being saved."""
        self.faults.append(Fault((section, key, *where), text))

    def secret(self, *path: str) -> str | None:
        """The secret that was typed for this place; None: keep what is there."""
        return self.secrets.get("/".join(path))


@dataclass(frozen=True)
class Section:
    """One list of named things that a stage carries.

    ``read_in`` gives the entries as they are, by name, in the order of names. ``save_in`` makes and changes; ``remove_in``
    deletes (None: such things are never deleted here). Both note what they refuse in the work. ``is_over``: an entry that
    time has ended, and which is neither made nor missed. ``settle_in``: an entry of a document in the words that
    ``read_in`` would use for the same. ``unsaid_in``: of these names the things that are there and stand in no document,
    because nobody has changed them.
    """

    name: str
    entry: type[Entry]
    read_in: Callable[[Connection, int, datetime], dict[str, Any]]
    save_in: Callable[[Work, Sequence[Change]], None]
    remove_in: Callable[[Work, Sequence[str]], None] | None = None
    is_over: Callable[[Any, datetime], bool] | None = None
    settle_in: Callable[[Connection, int, Any], Any] | None = None
    unsaid_in: Callable[[Connection, int, Iterable[str]], dict[str, Any]] | None = None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in the order of names."""
    return tuple(sorted(set(names), key=lambda name: (name.casefold(), name)))


def keyed(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Each under its name, in the order of names; the second of one name is ``name (2)``."""
    found: dict[str, T] = {}
    for name, one in sorted(named, key=lambda pair: (pair[0].casefold(), pair[0])):
        key, number = name, 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = one
    return found
