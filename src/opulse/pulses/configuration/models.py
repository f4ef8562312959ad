"""What an import would do, and what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_BYTES = 20_000_000
"""Of a document: with groups of 100,000 systems by name it has some megabytes."""

VERSION = 1
HEADER = "opulse_configuration"


class Doing(StrEnum):
    """What happens to an entry."""

    ADDED = "added"  # there is none of that name
    CHANGED = "changed"  # it differs
    REMOVED = "removed"  # it stands in no document, and the import was to remove such
    LEFT = "left"  # it stands in no document and stays, because such things are never removed here
    OVER = "over"  # time has ended it, so it is not made


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value: ``path`` with dots from the entry down. None: it is not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What happens to one entry of a section. ``fields`` of one that is changed, and of one that is added."""

    section: str
    key: str
    doing: Doing
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an import does. ``token``: the same plan has the same; ``secrets``: paths for which one must be given."""

    changes: tuple[EntryChange, ...]
    secrets: tuple[str, ...]
    token: str

    @property
    def changes_something(self) -> bool:
        """Whether anything would be other than it is."""
        return any(one.doing in (Doing.ADDED, Doing.CHANGED, Doing.REMOVED) for one in self.changes)


@dataclass(frozen=True)
class ImportWanted:
    """What a person asked for.

    Attributes:
        document: the YAML text.
        secrets: path with slashes → the secret itself.
        prune: remove what the document's sections do not name.
        open_mail: the document may open mail to everybody.
        dry_run: do all of it, and undo it.
        expect: the token of the plan that was looked at; empty: whatever the plan is.
    """

    document: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    open_mail: bool = False
    dry_run: bool = False
    expect: str = ""


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing to mend in the document. ``line`` counts from 1; 0: it stands in no line."""

    line: int
    path: str
    text: str


class ImportRefused(Exception):
    """Nothing was taken; ``mends`` say what to do, in the order of lines."""

    def __init__(self, mends: tuple[Mend, ...]) -> None:
        super().__init__("; ".join(f"{one.path or 'document'}: {one.text}" for one in mends))
        self.mends = mends


class PlanOutdated(Exception):
    """The configuration was changed since the plan was looked at; look at the new one."""


@dataclass(frozen=True, slots=True)
class ImportDone:
    """``applied`` False: a dry run, or nothing to do, or secrets are missing."""

    plan: Plan
    applied: bool
