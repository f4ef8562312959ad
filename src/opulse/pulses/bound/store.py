"""All SQL of pulses: each with its fields, and the parts on both sides that belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.pulses.bound.models import AskedAt, Part, PartKind, Pulse, PulseDraft, SensorsAt, Where

pulses = Table(
    "pulses",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # folded: two pulses never have one name
    Column("draft", JsonDoc, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name_key"),
)

parts = Table(
    "pulse_parts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("pulse", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("part", Text, nullable=False),  # its id in its own stage
    Column("made", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "pulse", "kind"),
    ForeignKeyConstraint(["tenant", "pulse"], ["pulses.tenant", "pulses.id"], ondelete="CASCADE"),
)


def list_pulses(conn: Connection, tenant: int) -> list[Pulse]:
    """By name."""
    rows = conn.execute(select(pulses).where(pulses.c.tenant == tenant).order_by(pulses.c.name_key)).all()
    belonging: dict[str, dict[PartKind, Part]] = {}
    for row in conn.execute(select(parts).where(parts.c.tenant == tenant)):
        kind = PartKind(row.kind)
        belonging.setdefault(row.pulse, {})[kind] = Part(kind, row.part, row.made)
    return [_pulse(row, belonging.get(row.id, {})) for row in rows]


def lock_pulses(conn: Connection, tenant: int) -> list[Pulse]:
    """The same, held until the unit commits: what pulses share is made and removed by one unit at a time."""
    if conn.dialect.name == "postgresql":
        query = select(pulses.c.id).where(pulses.c.tenant == tenant).order_by(pulses.c.id)
        conn.execute(query.with_for_update()).all()
    return list_pulses(conn, tenant)


def insert_pulse(conn: Connection, tenant: int, pulse: Pulse) -> None:
    conn.execute(insert(pulses).values(tenant=tenant, id=pulse.id, **_values(pulse)))
    _write_parts(conn, tenant, pulse.id, pulse.parts.values())


def update_pulse(conn: Connection, tenant: int, pulse: Pulse) -> None:
    here = (pulses.c.tenant == tenant, pulses.c.id == pulse.id)
    conn.execute(update(pulses).where(*here).values(**_values(pulse)))
    conn.execute(delete(parts).where(parts.c.tenant == tenant, parts.c.pulse == pulse.id))
    _write_parts(conn, tenant, pulse.id, pulse.parts.values())


def delete_pulse(conn: Connection, tenant: int, pulse: str) -> None:
    conn.execute(delete(parts).where(parts.c.tenant == tenant, parts.c.pulse == pulse))
    conn.execute(delete(pulses).where(pulses.c.tenant == tenant, pulses.c.id == pulse))


def _write_parts(conn: Connection, tenant: int, pulse: str, belonging: Iterable[Part]) -> None:
    rows = [
        {"tenant": tenant, "pulse": pulse, "kind": one.kind.value, "part": one.id, "made": one.made}
        for one in belonging
    ]
    if rows:
        conn.execute(insert(parts), rows)


def _values(pulse: Pulse) -> dict[str, Any]:
    return {
        "name_key": pulse.draft.name.casefold(),
        "draft": asdict(pulse.draft),
        "enabled": pulse.enabled,
        "revision": pulse.revision,
        "changed_by": pulse.changed_by,
        "changed_at": pulse.changed_at,
    }


def _pulse(row: Row[Any], belonging: dict[PartKind, Part]) -> Pulse:
    where = _where(row.draft.get("where") or {})  # earlier versions kept none
    draft = PulseDraft(**{**row.draft, "sensors": tuple(row.draft["sensors"]), "where": where})
    return Pulse(row.id, draft, row.enabled, row.revision, row.changed_by, row.changed_at, belonging)


def _where(kept: Mapping[str, Any]) -> Where:
    sides: dict[str, Any] = {
        "sensors": SensorsAt(kept.get("sensors", SensorsAt.HERE)),
        "asked": AskedAt(kept.get("asked", AskedAt.HERE)),
    }
    return Where(**{**kept, **sides})
