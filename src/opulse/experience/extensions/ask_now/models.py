"""Whom to ask, with what, and who was not found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LINES_MOST = 2_000  # pasted lines
TRIGGER = "ask_now"


class AskProblem(ValueError):
    """Nobody is asked; ``problems``: field → what to mend."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Wanted:
    """What a person asked for: one of ``group``, ``list_id`` and ``people``. ``key``: the same ask, sent twice, asks once."""

    directory: str
    survey: str
    group: str = ""
    list_id: str = ""
    people: str = ""
    subject: str = ""
    message: str = ""
    key: str = ""


@dataclass(frozen=True)
class Line:
    """One pasted line: an address, or a name or external reference."""

    written: str
    email: str = ""
    name: str = ""  # lower case, one space between words


@dataclass(frozen=True)
class Found:
    """Contacts in order of id, and what was not found: each with the reason."""

    contacts: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What asking would do now."""

    found: Found
    asked: int
    held: int
    spared: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()  # of the first people found
