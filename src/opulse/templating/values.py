"""How a JSON value reads as text, where a pipe puts it into a text."""

from __future__ import annotations

import json
from typing import Any


def pipe_text(value: Any) -> str:
    """The text form of a JSON value: an array of scalars joined by ``, ``; an object or a mixed array as compact JSON;
    ``null`` as nothing; ``true`` and ``false`` as JSON writes them.
    """
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(_scalar(item) for item in value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _scalar(value)


def _scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
