"""Reading a list of names (sensors, groups) of a server whose answers are not published: a bare array, or one under a usual key;
of texts, or of objects with a name.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from opulse.wire.errors import CutShort, UnreadableBody, broke_off

_ROWS: Final = ("value", "items", "data", "results", "sensors", "groups")
_NAME: Final = ("name", "sensorname", "groupname", "displayname", "title")
_CATEGORY: Final = ("category", "categoryname", "sensorcategory")


def decode_names(body: bytes) -> list[tuple[str, str]]:
    """(name, category) of each row that has a name, each name once; the category is empty where none is told.

    Raises:
        CutShort: the answer broke off.
        UnreadableBody: it is no JSON or holds no list.
    """
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if broke_off(body):
            raise CutShort("the answer broke off") from error
        raise UnreadableBody("the answer is not JSON") from error
    rows = document if isinstance(document, list) else _first(_lowered(document), _ROWS)
    if not isinstance(rows, list):
        raise UnreadableBody("the answer holds no list")
    found: dict[str, str] = {}
    for row in rows:
        fields = {"name": row} if isinstance(row, str) else _lowered(row)
        name, category = _text(_first(fields, _NAME)), _text(_first(fields, _CATEGORY))
        if name:
            found.setdefault(name, category)
    return list(found.items())


def _lowered(row: object) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in row.items()} if isinstance(row, dict) else {}


def _first(fields: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) not in (None, "")), None)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
