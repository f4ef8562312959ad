"""What the product takes and what it refuses: field sets, types, filters. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from opulse.emulators.qualtrics.models import CREATE_FIELDS, Contact, Refused

_ADDRESS: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_LEAVES: Final[Mapping[str, Callable[[Contact], str]]] = {
    "email": lambda contact: contact.email,
    "extRef": lambda contact: contact.ext_ref,
    "firstName": lambda contact: contact.first_name,
    "lastName": lambda contact: contact.last_name,
    "phone": lambda contact: contact.phone,
    "language": lambda contact: contact.language,
}


def is_address(text: str) -> bool:
    """Whether mail could go there by its looks."""
    return _ADDRESS.fullmatch(text) is not None


def checked_object(
    body: Any, allowed: frozenset[str], required: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The body as an object with only known keys.

    Raises:
        Refused: it is none, has a key that nobody knows, or lacks one.
    """
    if not isinstance(body, dict):
        raise Refused(400, "The request body is not a JSON object.", "BR_0")
    if unknown := sorted(set(body) - allowed):
        raise Refused(400, f"Unexpected JSON key present in the request: {', '.join(unknown)}.", "BR_1")
    if missing := sorted(required - set(body)):
        raise Refused(400, f"Missing or invalid parameter: {', '.join(missing)}.", "BR_2")
    return body


def checked_contact(body: Any) -> dict[str, Any]:
    """The fields of a contact.

    Raises:
        Refused: an unknown field, or embedded data that is not text.
    """
    fields = checked_object(body, CREATE_FIELDS)
    for name, value in fields.items():
        if name == "embeddedData":
            _check_embedded(value)
        elif name == "unsubscribed":
            if not isinstance(value, bool):
                raise Refused(400, "unsubscribed must be true or false.", "BR_3")
        elif value is not None and not isinstance(value, str):
            raise Refused(400, f"{name} must be a text.", "BR_3")
    return fields


def checked_time(body: Mapping[str, Any], name: str) -> datetime | None:
    """A date of a body, ``2026-01-31T12:00:00Z``; None: it is not given.

    Raises:
        Refused: it is none.
    """
    if body.get(name) is None:
        return None
    try:
        read = datetime.fromisoformat(str(body[name]))
    except ValueError:
        raise Refused(400, f"Missing or invalid parameter: {name}.", "BR_2") from None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _check_embedded(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise Refused(400, "embeddedData must be an object.", "BR_3")
    for name, text in value.items():
        if not isinstance(text, str):
            raise Refused(
                400, f"embeddedData {name} must be a text; lists and numbers are not taken.", "BR_3"
            )


def matcher(given: Any, depth: int = 0) -> Callable[[Contact], bool]:
    """A filter as a question to one contact.

    Raises:
        Refused: it is none, or compares in a way that is not known.
    """
    if not isinstance(given, dict) or depth > 4:
        raise Refused(400, "Invalid filter.", "SRCH_1")
    if "conjunction" in given:
        return _group(given, depth)
    checked_object(
        given,
        frozenset({"filterType", "comparison", "value", "field"}),
        frozenset({"filterType", "comparison", "value"}),
    )
    kind, value = given["filterType"], given["value"]
    if given["comparison"] != "eq" or not isinstance(value, str):
        raise Refused(400, f"Invalid comparison {given['comparison']!r}.", "SRCH_2")
    wanted = value.strip().lower()
    if kind == "embeddedData":
        name = str(given.get("field", ""))
        return lambda contact: contact.embedded.get(name, "").lower() == wanted
    if kind not in _LEAVES:
        raise Refused(400, f"Invalid filterType {kind!r}.", "SRCH_3")
    read = _LEAVES[kind]
    return lambda contact: read(contact).strip().lower() == wanted


def _group(given: dict[str, Any], depth: int) -> Callable[[Contact], bool]:
    checked_object(given, frozenset({"conjunction", "filters"}), frozenset({"filters"}))
    parts = given["filters"]
    if not isinstance(parts, list) or not parts or given["conjunction"] not in ("and", "or"):
        raise Refused(400, "Invalid filter group.", "SRCH_1")
    inner = [matcher(part, depth + 1) for part in parts]
    if given["conjunction"] == "and":
        return lambda contact: all(one(contact) for one in inner)
    return lambda contact: any(one(contact) for one in inner)
