"""Slots: the places of a message that differ from person to person.

A slot is written ``⟦first_name⟧``. The brackets are left alone by HTML escaping and by MJML, and nobody types them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opulse.mail.models import MessageRefused, Refusal

_SLOT = re.compile("⟦([a-z][a-z0-9_]{0,39})⟧")
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


def slot(name: str) -> str:
    """The marker of slot ``name`` (lower-case letters, digits, underscore; at most 40). Raises ValueError otherwise."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a slot name: {name!r}")
    return f"⟦{name}⟧"


def literal(text: str) -> str:
    """``text`` with nothing in it that would be taken for a slot: for words that people wrote."""
    return _SLOT.sub(r"[\1]", text)


@dataclass(frozen=True, slots=True)
class Template:
    """Text cut at its slots: ``texts[0] names[0] texts[1] … texts[n]``; always one text more than names."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its slots filled. One pass: a value that looks like a slot stays as it is."""
        parts = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            parts.append(value_of(values, name))
            parts.append(text)
        return "".join(parts)


def cut(text: str) -> Template:
    """``text`` as a template."""
    pieces = _SLOT.split(text)
    return Template(tuple(pieces[0::2]), tuple(pieces[1::2]))


def value_of(values: Mapping[str, str], name: str) -> str:
    """The value of slot ``name``. Raises MessageRefused where there is none."""
    try:
        return values[name]
    except KeyError:
        raise MessageRefused(Refusal.MISSING_SLOT, name) from None
