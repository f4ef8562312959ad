"""Piped text: ``${source://path}`` with an optional ``?d=<words of a link>``, parsed once into literals and slots.

=========================================  ===========================================================================
``${m://FirstName}``                       a field of the contact (FirstName, LastName, Email, ExternalDataReference...)
``${e://Field/<name>}``                    embedded data
``${l://SurveyLink?d=Take the survey}``    a link with words; ``${l://SurveyURL}`` the bare address
``${l://OptOutLink?d=Unsubscribe}``        the same for opting out; ``${l://OptOutURL}``
``${q://QID1/...}``                        an earlier answer or a question's text
``${a://Field/<name>}``                    a JSON field of the event that started the workflow; ``~{aedj://<name>}``, as
                                           the product itself writes it, is read as the same slot
``${t://<task>/<output>}``                 an output of an earlier task of the same run
=========================================  ===========================================================================

The first five are the product's notation; the form of ``a`` and ``t`` is ours, chosen to look like its neighbours. Any
other source parses too; a slot that nobody can fill becomes empty text, as the product does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

_PIPE: Final = re.compile(r"\$\{([a-z]{1,5})://([^{}\r\n]{1,400})\}|~\{aedj://([^{}\r\n]{1,400})\}")
_WORDS: Final = "?d="
_WRITABLE_NAME: Final = re.compile(r"[^{}\r\n]{1,200}")

CONTACT, EMBEDDED, LINK, QUESTION, EVENT, TASK = "m", "e", "l", "q", "a", "t"
"""The sources that this product fills."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill. ``words`` are those of a link (``?d=``), decoded; ``written`` is the pipe as the author wrote it."""

    source: str
    path: str
    words: str | None
    written: str

    @property
    def key(self) -> str:
        """``m://FirstName``: one key per value, however often and with whatever words it is used."""
        return f"{self.source}://{self.path}"


@dataclass(frozen=True, slots=True)
class Piped:
    """``literals[0] slots[0] literals[1] ... literals[n]``: always one literal more than slots."""

    literals: tuple[str, ...]
    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        """The text as it was written."""
        return _interleaved(self.literals, [slot.written for slot in self.slots])

    @property
    def keys(self) -> tuple[str, ...]:
        """The distinct keys, in order of first use."""
        return tuple(dict.fromkeys(slot.key for slot in self.slots))

    @property
    def only_slot(self) -> Slot | None:
        """The slot, where the text is one pipe and nothing else: then a task may take the raw value instead of its text."""
        return (
            self.slots[0]
            if len(self.slots) == 1 and not any(part.strip() for part in self.literals)
            else None
        )

    def fill(self, value_of: Callable[[Slot], str | None]) -> str:
        """The text with each slot's value as it is, unescaped; ``None`` gives nothing. For mail and pages use a frame."""
        return _interleaved(self.literals, [value_of(slot) or "" for slot in self.slots])


@lru_cache(maxsize=1_000)
def parse_piped(text: str) -> Piped:
    """Any text parses; what does not look exactly like a pipe is literal text."""
    literals, slots, end = [], [], 0
    for match in _PIPE.finditer(text):
        literals.append(text[end : match.start()])
        slots.append(_slot(match))
        end = match.end()
    literals.append(text[end:])
    return Piped(tuple(literals), tuple(slots))


def event_field_pipe(name: str) -> str:
    """``${a://Field/<name>}`` for the button beside a text box. Raises ``ValueError`` for a name no pipe can hold."""
    if _WRITABLE_NAME.fullmatch(name) is None or _WORDS in name:
        raise ValueError("a field's name holds no braces, line breaks or ?d=")
    return f"${{{EVENT}://Field/{name}}}"


def embedded_field_pipe(name: str) -> str:
    """``${e://Field/<name>}``. Raises ``ValueError`` for a name no pipe can hold."""
    return f"${{{EMBEDDED}://" + event_field_pipe(name).partition("://")[2]


def _slot(match: re.Match[str]) -> Slot:
    if match[3] is not None:
        return Slot(EVENT, f"Field/{match[3]}", None, match[0])
    path, mark, words = match[2].partition(_WORDS)
    return Slot(match[1], path, unquote(words) if mark else None, match[0])


def _interleaved(literals: tuple[str, ...], values: list[str]) -> str:
    def parts() -> Iterator[str]:
        yield literals[0]
        for value, literal in zip(values, literals[1:], strict=True):
            yield value
            yield literal

    return "".join(parts())
