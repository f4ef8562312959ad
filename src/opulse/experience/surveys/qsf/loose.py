"""Values of a file that any program may have written: each is taken as what it was meant to be, or as nothing.

The product itself writes an empty object as ``[]``, an object with whole-number keys as a list, numbers as text and truth
as ``"true"``, ``"on"``, ``"Yes"`` or 1. Nothing here fails on any JSON value.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

_TRUE = frozenset({"true", "on", "yes", "1"})


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; a list becomes an object keyed "0", "1", …; anything else is empty."""
    if isinstance(value, dict):
        return {str(key): one for key, one in value.items()}
    if isinstance(value, list):
        return {str(place): one for place, one in enumerate(value)}
    return {}


def sequence(value: Any) -> list[Any]:
    """A list; an object gives its values, in the order of its keys where they are numbers; anything else is empty."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value[key] for key in numbered(value)]
    return []


def numbered(value: Mapping[Any, Any]) -> list[Any]:
    """The keys of an object: whole numbers first, by size, then the others in the file's order."""

    def rank(pair: tuple[int, Any]) -> tuple[int, int]:
        place, key = pair
        number = whole(key)
        return (1, place) if number is None else (0, number)

    return [key for _, key in sorted(enumerate(value), key=rank)]


def text(value: Any) -> str:
    """Text as it is, a number as its digits; anything else is empty. No control characters and no half surrogates."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, int | float):
        return str(value)[:400]
    return clean(value) if isinstance(value, str) else ""


def clean(value: str) -> str:
    """Without what databases and terminals refuse: NUL and other controls, and halves of surrogate pairs."""
    if value.isprintable():
        return value
    return "".join(
        letter for letter in value if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")
    )


def word(value: Any) -> str:
    """A key word: text without blanks around it."""
    return text(value).strip()


def whole(value: Any) -> int | None:
    """A whole number, also when it is written as text or as 3.0; none for anything else or for more than 15 digits."""
    number = decimal(value)
    return int(number) if number is not None and number.is_integer() else None


def decimal(value: Any) -> float | None:
    """A finite number below 10^15, also when it is written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < 1e15 else None


def truth(value: Any) -> bool:
    """``true``, 1, ``"true"``, ``"on"``, ``"Yes"``; everything else is false."""
    return value is True or word(value).lower() in _TRUE
