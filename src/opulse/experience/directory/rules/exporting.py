"""Contacts as lines of CSV or NDJSON. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opulse.experience.directory.models import Contact

COLUMNS: Mapping[str, str] = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "ExternalDataReference": "ext_ref",
    "Phone": "phone",
    "Language": "language",
    "TimeZone": "time_zone",
    "Unsubscribed": "unsubscribed",
}
"""Standard columns of files (qualtrics-product.md 7.1) → our fields; every other column is embedded data."""

_COMPUTED = re.compile(r"[=@\t\r]|[+-](?![\d\s().-]*$)")


def csv_line(cells: Sequence[str]) -> str:
    """One row. A cell that a spreadsheet would compute is given as text, with an apostrophe before it."""
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if _COMPUTED.match(cell) else cell for cell in cells])
    return written.getvalue()


def csv_row(contact: Contact, embedded: Sequence[str], private: Mapping[str, Any], own: Sequence[str]) -> str:
    """A contact as a row: standard columns, embedded data, the data of the list."""
    cells = [shown(getattr(contact, field)) for field in COLUMNS.values()]
    cells += [shown(contact.embedded.get(name, "")) for name in embedded]
    cells += [shown(private.get(name, "")) for name in own]
    return csv_line(cells)


def json_row(contact: Contact, private: Mapping[str, Any] | None) -> str:
    """A contact as a line of JSON; with the data of the list where one is exported."""
    row: dict[str, Any] = {"id": contact.id}
    row |= {field: getattr(contact, field) for field in COLUMNS.values()}
    row["embedded_data"] = dict(contact.embedded)
    if private is not None:
        row["list_data"] = dict(private)
    row["created_at"], row["updated_at"] = contact.created_at.isoformat(), contact.updated_at.isoformat()
    return json.dumps(row, ensure_ascii=False) + "\n"


def shown(value: Any) -> str:
    """As an import reads it again: members of a list with semicolons between, true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(shown(one) for one in value) if isinstance(value, list) else str(value)
