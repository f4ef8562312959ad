"""What a contact must be to be kept: an address that is one, something to be known by, values that both databases take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email

from opulse.db import why_unstorable
from opulse.experience.directory.models import MAIN_FIELDS, RowRefused


class ContactProblem(ValueError):
    """The contact cannot be written so; the message says what to mend."""


def check_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[RowRefused]]:
    """Rows that can be taken, and for each other one what would mend it."""
    good: list[Mapping[str, Any]] = []
    refused: list[RowRefused] = []
    for index, row in enumerate(rows):
        try:
            check_fields(row)
        except ContactProblem as problem:
            refused.append(RowRefused(index, str(problem)))
        else:
            good.append(row)
    return good, refused


def check_fields(row: Mapping[str, Any]) -> None:
    """Raise :class:`ContactProblem` for an address that is none, no key at all, or values that cannot be kept."""
    email = str(row.get("email") or "").strip()
    if not email and not str(row.get("ext_ref") or "").strip():
        raise ContactProblem("a contact needs an e-mail address or an external reference")
    if email:
        try:
            validate_email(email, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ContactProblem(f"{email!r} is not an e-mail address: {error}") from error
    for name, value in (row.get("embedded_data") or {}).items():
        if value is None or isinstance(value, dict):
            raise ContactProblem(
                f"embedded data {name!r} must be a plain value or a list, not nested and not null"
            )
        if name in MAIN_FIELDS or not name.strip():
            raise ContactProblem(f"{name!r} is a main field, not embedded data")
    if why := why_unstorable(dict(row)):
        raise ContactProblem(why)
