"""What a page says of its object beside its own content: what does not fit together, and what mends it.

``web`` declares what it needs (:class:`NotesSource`); ``bootstrap`` puts the doctor's on ``app.state.notes_source``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from opulse.web.access import Caller


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to mend. ``button``: the fields that its form sends to ``action``; empty: a person has to decide."""

    tone: str
    word: str
    subject: str
    subject_page: str
    what: str
    why: str
    mend: str
    label: str = ""
    action: str = ""
    button: Mapping[str, str] = field(default_factory=dict)


class NotesSource(Protocol):
    """Where notes come from."""

    async def notes_at(self, caller: Caller, path: str) -> tuple[Note, ...]:
        """Of the object whose page lies at ``path``; none for most pages, and then nothing is read."""
        ...
