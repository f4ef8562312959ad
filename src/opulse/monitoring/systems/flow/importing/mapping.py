"""A file that waits for somebody to say where its fields go: what its columns hold, and the choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from opulse.monitoring.systems.flow.importing.receiving import announce_in
from opulse.monitoring.systems.models import SystemImport, SystemImportState
from opulse.monitoring.systems.rules.imports import (
    Record,
    make_mapping,
    read_heading,
    read_records,
    suggest_mapping,
)
from opulse.monitoring.systems.store import imports as store
from opulse.ports import Ports
from opulse.tenancy import audit_in

LOOKED_AT = 200
"""Records that say which fields a file has, where it has no heading, and what is in them."""
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the file, some of its values, and where it would go by its name (empty: nowhere)."""

    name: str
    samples: tuple[str, ...]
    suggested: str


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that waits, and its columns in the order of the file."""

    one: SystemImport
    columns: tuple[Column, ...]


async def read_held(ports: Ports, tenant: int, import_id: str) -> HeldFile | None:
    """None: there is no such file, or it does not wait."""
    return await ports.db.read(_read_held, tenant, import_id)


async def begin_held(
    ports: Ports, tenant: int, import_id: str, fields: Mapping[str, str], actor: str
) -> SystemImport | None:
    """Take its records by this mapping (target → field of the file). None: there is no such file, or it does not wait.

    Raises:
        FileUnreadable: a target is unknown, or nothing says which system or person a record is.
    """
    return await ports.db.write(_begin_held_in, tenant, import_id, fields, actor, ports.clock.now())


def _read_held(conn: Connection, tenant: int, import_id: str) -> HeldFile | None:
    one = store.find_import(conn, tenant, import_id)
    if one is None or one.state is not SystemImportState.MAPPING:
        return None
    names = [name for name in read_heading(one.heading) if name] if one.heading else []
    samples: dict[str, list[str]] = {name.casefold(): [] for name in names}
    for record in islice(_records(conn, tenant, one), LOOKED_AT):
        for name, text in record.fields.items():
            seen = samples.setdefault(name, [])
            if text.strip() and len(seen) < SAMPLES and text not in seen:
                seen.append(text)
    shown = {name.casefold(): name for name in names}
    columns = [shown.get(key, key) for key in samples]
    by_source = {source: target for target, source in suggest_mapping(one.kind, columns).items()}
    return HeldFile(
        one,
        tuple(Column(name, tuple(samples[name.casefold()]), by_source.get(name, "")) for name in columns),
    )


def _records(conn: Connection, tenant: int, one: SystemImport) -> Iterator[Record]:
    """Of the first step, those that can be read."""
    found = store.find_step(conn, tenant, one.id, 0)
    if found is None:
        return
    _, first_line, body = found
    for record in read_records(one.format, one.heading, body.decode(errors="replace"), first_line):
        if isinstance(record, Record):
            yield record


def _begin_held_in(
    conn: Connection, tenant: int, import_id: str, fields: Mapping[str, str], actor: str, now: datetime
) -> SystemImport | None:
    one = store.find_import(conn, tenant, import_id)
    if one is None or one.state is not SystemImportState.MAPPING:
        return None
    store.set_fields(conn, tenant, import_id, make_mapping(one.kind, fields).fields, now)
    before = {"state": one.state.value}
    audit_in(conn, tenant, actor, "system_import.mapped", import_id, before, {"fields": dict(fields)}, now)
    return announce_in(conn, tenant, import_id, now)
