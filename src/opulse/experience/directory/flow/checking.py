"""What a contact must be to be kept: an address that is one, something to be known by, values that both databases take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email

from opulse.clock import zone_names
from opulse.db import why_unstorable
from opulse.experience.directory.models import MAIN_FIELDS, Declared, IncomingContact, RowRefused
from opulse.experience.directory.rules import ValueRefused, is_plain_address, read_values

NONE_DECLARED: Declared = {}


class ContactProblem(ValueError):
    """The contact cannot be written so; the message says what to mend."""


def check_rows(
    rows: Sequence[Mapping[str, Any]], declared: Declared = NONE_DECLARED
) -> tuple[list[IncomingContact], list[RowRefused]]:
    """Rows that can be taken, with values of declared fields in their types, and for each other one what would mend it."""
    good: list[IncomingContact] = []
    refused: list[RowRefused] = []
    for index, row in enumerate(rows):
        try:
            check_fields(row)
            good.append(_incoming(row, read_embedded(declared, row.get("embedded_data") or {})))
        except ContactProblem as problem:
            refused.append(RowRefused(index, str(problem)))
    return good, refused


def why_refused(row: IncomingContact) -> str:
    """Why a row of a table cannot be taken; empty when it can. Its values are texts."""
    if row.time_zone and row.time_zone not in zone_names():
        return f"{row.time_zone!r} is no time zone; write one such as Europe/Berlin"
    if row.email and is_plain_address(row.email):
        return "" if _is_text(row) else "a text holds a character that cannot be kept (NUL, or none of UTF-8)"
    try:
        check_fields({**row._asdict(), "embedded_data": row.embedded})
    except ContactProblem as problem:
        return str(problem)
    return ""


def _is_text(row: IncomingContact) -> bool:
    """Nearly all rows are plain letters; only others are looked at closely."""
    said = "".join(
        (row.first_name, row.last_name, row.ext_ref, row.phone, row.language, *row.embedded.values())
    )
    if said.isascii():
        return "\0" not in said
    return not why_unstorable(said)


def _incoming(row: Mapping[str, Any], embedded: Mapping[str, Any]) -> IncomingContact:
    texts = {
        name: str(row.get(name) or "").strip()
        for name in ("first_name", "last_name", "email", "ext_ref", "phone", "language", "time_zone")
    }
    return IncomingContact(
        texts["first_name"],
        texts["last_name"],
        texts["email"],
        texts["ext_ref"],
        texts["phone"],
        texts["language"],
        texts["time_zone"],
        bool(row.get("unsubscribed")),
        embedded,
    )


def read_embedded(declared: Declared, values: Mapping[str, Any]) -> dict[str, Any]:
    """Embedded data with declared fields in their types.

    Raises:
        ContactProblem: a value is none of its field's type.
    """
    try:
        return read_values(declared, values)
    except ValueRefused as error:
        raise ContactProblem(str(error)) from error


def check_fields(row: Mapping[str, Any]) -> None:
    """Raise :class:`ContactProblem` for an address that is none, no key at all, or values that cannot be kept."""
    email = str(row.get("email") or "").strip()
    if not email and not str(row.get("ext_ref") or "").strip():
        raise ContactProblem("a contact needs an e-mail address or an external reference")
    if email and not is_plain_address(email):
        try:
            validate_email(email, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ContactProblem(f"{email!r} is not an e-mail address: {error}") from error
    zone = str(row.get("time_zone") or "").strip()
    if zone and zone not in zone_names():
        raise ContactProblem(f"{zone!r} is no time zone; write one such as Europe/Berlin")
    for name, value in (row.get("embedded_data") or {}).items():
        if value is None or isinstance(value, dict):
            raise ContactProblem(
                f"embedded data {name!r} must be a plain value or a list, not nested and not null"
            )
        if name in MAIN_FIELDS or not name.strip():
            raise ContactProblem(f"{name!r} is a main field, not embedded data")
    if why := why_unstorable(dict(row)):
        raise ContactProblem(why)
