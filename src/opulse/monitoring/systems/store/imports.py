"""Files of systems and people on their way in: what of them is still to be taken, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.systems.models import (
    FileFormat,
    ImportKind,
    RecordRefused,
    SystemImport,
    SystemImportState,
)
from opulse.monitoring.systems.store.tables import import_refused, import_steps, imports


def insert_import(conn: Connection, tenant: int, one: SystemImport) -> None:
    """Note a file whose bytes begin to arrive."""
    row = {name: getattr(one, name) for name in imports.c.keys() if name != "tenant"}  # noqa: SIM118
    words = {"kind": one.kind.value, "format": one.format.value, "state": one.state.value}
    conn.execute(insert(imports), row | {"tenant": tenant, "fields": dict(one.fields)} | words)


def find_import(conn: Connection, tenant: int, import_id: str) -> SystemImport | None:
    """The one with this id."""
    row = conn.execute(select(imports).where(imports.c.tenant == tenant, imports.c.id == import_id)).first()
    return None if row is None else _import(row)


def list_imports(conn: Connection, tenant: int, limit: int) -> list[SystemImport]:
    """Newest first."""
    rows = conn.execute(
        select(imports)
        .where(imports.c.tenant == tenant)
        .order_by(imports.c.created_at.desc(), imports.c.id)
        .limit(limit)
    )
    return [_import(row) for row in rows]


def list_abandoned(conn: Connection, tenant: int, state: SystemImportState, before: datetime) -> list[str]:
    """Files in this state that nothing more came of since ``before``."""
    return list(
        conn.execute(
            select(imports.c.id).where(
                imports.c.tenant == tenant,
                imports.c.state == state.value,
                imports.c.updated_at < before,
            )
        ).scalars()
    )


def set_state(conn: Connection, tenant: int, import_id: str, state: SystemImportState, now: datetime) -> None:
    """Where the file is now."""
    conn.execute(_of(tenant, import_id).values(state=state.value, updated_at=now))


def set_fields(
    conn: Connection, tenant: int, import_id: str, fields: Mapping[str, str], now: datetime
) -> None:
    """Where its fields go."""
    conn.execute(_of(tenant, import_id).values(fields=dict(fields), updated_at=now))


def add_steps(
    conn: Connection, tenant: int, import_id: str, steps: Sequence[tuple[int, int, bytes]], now: datetime
) -> None:
    """Keep further steps of the file: (number, first line, records)."""
    rows = [
        {"tenant": tenant, "import_id": import_id, "number": number, "first_line": line, "body": body}
        for number, line, body in steps
    ]
    if rows:
        conn.execute(insert(import_steps), rows)
        conn.execute(_of(tenant, import_id).values(steps=imports.c.steps + len(rows), updated_at=now))


def find_step(conn: Connection, tenant: int, import_id: str, after: int) -> tuple[int, int, bytes] | None:
    """(number, first line, records) of the next step behind number ``after``; None when that was the last."""
    steps = import_steps.c
    row = conn.execute(
        select(steps.number, steps.first_line, steps.body)
        .where(steps.tenant == tenant, steps.import_id == import_id, steps.number > after)
        .order_by(steps.number)
        .limit(1)
    ).first()
    return None if row is None else (row.number, row.first_line, bytes(row.body))


def delete_step(conn: Connection, tenant: int, import_id: str, number: int) -> bool:
    """The step is taken, by this unit; False when another one took it."""
    steps = import_steps.c
    done = conn.execute(
        delete(import_steps).where(
            steps.tenant == tenant, steps.import_id == import_id, steps.number == number
        )
    )
    return done.rowcount == 1


def delete_steps(conn: Connection, tenant: int, import_id: str) -> None:
    """What is left of a file that will not be taken."""
    steps = import_steps.c
    conn.execute(delete(import_steps).where(steps.tenant == tenant, steps.import_id == import_id))


def add_progress(
    conn: Connection,
    tenant: int,
    import_id: str,
    counts: tuple[int, int, int],
    refused: Iterable[RecordRefused],
    now: datetime,
) -> None:
    """One step is done: (created, updated, unchanged) and the records that were refused."""
    created, updated, unchanged = counts
    rows = [
        {"tenant": tenant, "import_id": import_id, "line": one.line, "who": one.who, "reason": one.reason}
        for one in refused
    ]
    insert_ignoring_known(conn, import_refused, rows)
    conn.execute(
        _of(tenant, import_id).values(
            steps_done=imports.c.steps_done + 1,
            rows=imports.c.rows + sum(counts) + len(rows),
            created=imports.c.created + created,
            updated=imports.c.updated + updated,
            unchanged=imports.c.unchanged + unchanged,
            refused=imports.c.refused + len(rows),
            updated_at=now,
        )
    )


def list_refused(
    conn: Connection, tenant: int, import_id: str, after: int, limit: int
) -> list[RecordRefused]:
    """Refused records by line, from the one behind line ``after``."""
    table = import_refused.c
    rows = conn.execute(
        select(table.line, table.who, table.reason)
        .where(table.tenant == tenant, table.import_id == import_id, table.line > after)
        .order_by(table.line)
        .limit(limit)
    )
    return [RecordRefused(row.line, row.who, row.reason) for row in rows]


def _of(tenant: int, import_id: str) -> Any:
    return update(imports).where(imports.c.tenant == tenant, imports.c.id == import_id)


def _import(row: Any) -> SystemImport:
    values = dict(row._mapping)
    del values["tenant"]
    words = {
        "kind": ImportKind(row.kind),
        "format": FileFormat(row.format),
        "state": SystemImportState(row.state),
    }
    return SystemImport(**(values | words))
