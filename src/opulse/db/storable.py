"""What both databases can keep. JSON that Python reads without a word may still be refused by one of them, hours later."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def why_unstorable(value: Any) -> str:
    """Why this JSON value cannot be kept; empty when it can.

    PostgreSQL takes neither a NUL character nor half a surrogate pair in a text; and NaN and Infinity, which Python reads and
    writes, are not JSON: SQLite would refuse every later statement that looks into the document.
    """
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "\0" in one:
                return "a text holds the character NUL"
            if _HALF.search(one) is not None:
                return "a text holds half a character (a lone surrogate)"
        elif isinstance(one, float) and not isfinite(one):
            return "a number is not finite"
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            left += one
    return ""
