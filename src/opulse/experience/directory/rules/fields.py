"""Values of declared fields: read from whatever somebody wrote, or refused with what would be right. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from opulse.experience.directory.models import (
    FIELD_NAME_MAX,
    MAIN_FIELDS,
    Declared,
    FieldKind,
    FieldRefused,
)

_YES = frozenset({"true", "yes", "y", "1"})
_NO = frozenset({"false", "no", "n", "0"})
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_RESERVED: Mapping[str, FieldKind] = {
    "lastalarm": FieldKind.LIST,
    "lastalarmat": FieldKind.DATE,
    "lastalarmactivationid": FieldKind.TEXT,
}
"""What the Operational Pulse task writes, and as what."""


class ValueRefused(ValueError):
    """The value is none of the declared kind; the message says what would be one."""


def read_value(kind: FieldKind, value: Any) -> Any:
    """``value`` as it is kept under a field of this kind; empty text and an empty list stay what they are: no value.

    Raises:
        ValueRefused: it is none of the kind.
    """
    if value in ("", []):
        return value
    return _READERS[kind](value)


def read_values(declared: Declared, values: Mapping[str, Any]) -> dict[str, Any]:
    """Embedded data with declared fields under their declared names and of their kinds; others as they are.

    Raises:
        ValueRefused: a value is not of its field's kind; the message names the field.
    """
    if not declared:
        return dict(values)
    read: dict[str, Any] = {}
    for name, value in values.items():
        field = declared.get(name.casefold())
        if field is None:
            read[name] = value
            continue
        try:
            read[field.name] = read_value(field.kind, value)
        except ValueRefused as error:
            raise ValueRefused(f"{field.name}: {error}") from error
    return read


def check_declaration(name: str, kind: FieldKind) -> str:
    """The name without white space around it.

    Raises:
        FieldRefused: no field may have this name, or not of this kind.
    """
    name = name.strip()
    if not 0 < len(name) <= FIELD_NAME_MAX or not name.isprintable():
        raise FieldRefused(f"a field has a name of 1 to {FIELD_NAME_MAX} printable characters")
    if any(mark in name for mark in '"\\${}'):
        raise FieldRefused('the name of a field holds none of " \\ $ { }')
    if name.casefold() in {main.casefold() for main in MAIN_FIELDS}:
        raise FieldRefused(f"{name} is a field that every contact has; it needs no declaration")
    fixed = _RESERVED.get(name.casefold())
    if fixed is not None and fixed is not kind:
        raise FieldRefused(f"{name} is written by the Operational Pulse task, as {fixed.value}")
    return name


def _read_text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _read_number(value: Any) -> int | float:
    if isinstance(value, (bool, list)):
        raise ValueRefused(f"{_shown(value)} is not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text) or len(text) > 40:
            raise ValueRefused(
                f"{_shown(value)} is not a number; write it as 1234.5, without marks between thousands"
            )
        value = float(text)
    if not math.isfinite(value):
        raise ValueRefused(f"{_shown(value)} is not a finite number")
    return int(value) if value == int(value) and abs(value) < 2**53 else float(value)


def _read_date(value: Any) -> str:
    text = str(value).strip() if isinstance(value, str) else ""
    try:
        if len(text) == len("2026-11-29"):
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
        at = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueRefused(
            f"{_shown(value)} is not a date; write 2026-11-29 or 2026-11-29T08:30:00Z"
        ) from error
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _read_list(value: Any) -> list[str]:
    if isinstance(value, list):
        if any(isinstance(one, (list, dict)) or one is None for one in value):
            raise ValueRefused("a list holds plain values")
        return [_read_text(one) for one in value if one != ""]
    return [part.strip() for part in _read_text(value).split(";") if part.strip()]


def _read_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if isinstance(value, list) or word not in _YES | _NO:
        raise ValueRefused(
            f"{_shown(value)} is neither true nor false; write true or false, yes or no, 1 or 0"
        )
    return word in _YES


def _shown(value: Any) -> str:
    text = "; ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


_READERS: Mapping[FieldKind, Callable[[Any], Any]] = {
    FieldKind.TEXT: _read_text,
    FieldKind.NUMBER: _read_number,
    FieldKind.DATE: _read_date,
    FieldKind.LIST: _read_list,
    FieldKind.BOOLEAN: _read_boolean,
}
