"""Estates to measure on: systems, groups, keys, written straight into the tables where the API would take minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pyroaring import BitMap
from sqlalchemy import Connection, insert

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.db import chunked, stored_instant
from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.monitoring.systems.flow.members import write_members_in
from opulse.monitoring.systems.flow.numbers import take_numbers_in
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, Numbered
from opulse.monitoring.systems.store.tables import systems
from opulse.ports import Ports
from opulse.settings import load_settings
from opulse.tenancy.flow.digests import digest, make_secret
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import Key, KeyKind
from opulse.tenancy.store import keys

_AT_ONCE = 20_000


@dataclass(frozen=True)
class Estate:
    """A tenant in a data folder that nobody serves yet."""

    ports: Ports
    tenant: int

    async def close(self) -> None:
        await close_ports(self.ports)


def guid_of(idx: int) -> str:
    """GUIDs that look random to an index and are known without a query."""
    return str(UUID(int=(idx * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4))


async def open_estate(data: Path, name: str = "Bench", **options: object) -> Estate:
    """An installation in ``data``, with one tenant and the factory sensors; ``options`` are settings."""
    import_stores()
    ports = await open_ports(load_settings(data, **options), "http://127.0.0.1")
    await migrate(ports.db)
    tenant = (await create_tenant(ports, name, "bench")).id
    await ports.db.write(seed_tenant_in, tenant, ports.clock.now())
    return Estate(ports, tenant)


async def add_systems(estate: Estate, count: int) -> None:
    """Systems 1 to ``count``, living, in All Systems."""
    db, tenant, now = estate.ports.db, estate.tenant, estate.ports.clock.now()
    await db.write(take_numbers_in, tenant, Numbered.SYSTEM, count)
    for chunk in chunked(range(1, count + 1), _AT_ONCE):
        await db.write(_insert_systems, tenant, chunk, now)
    everybody = BitMap(range(1, count + 1))
    await db.write(write_members_in, tenant, ALL_SYSTEMS_IDX, BitMap(), everybody, now)


async def add_keys(estate: Estate, kind: KeyKind, scopes: Sequence[tuple[str, ...]]) -> list[str]:
    """A key for each scope; their secrets."""
    secrets = [make_secret("opa") for _ in scopes]
    for chunk in chunked(zip(secrets, scopes, strict=True), 2000):
        await estate.ports.db.write(_insert_keys, estate, kind, chunk)
    return secrets


def _insert_systems(conn: Connection, tenant: int, idxs: Sequence[int], now: datetime) -> None:
    columns = [column.name for column in systems.columns if not column.nullable]
    if conn.dialect.name != "sqlite":
        rows = [dict(zip(columns, row, strict=True)) for row in _rows(tenant, idxs, {}, now)]
        for chunk in chunked(rows, 1_000):
            conn.execute(insert(systems), chunk)
        return
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO systems ({', '.join(columns)}) VALUES ({marks})"
    conn.exec_driver_sql(statement, list(_rows(tenant, idxs, "{}", stored_instant(now))))


def _rows(tenant: int, idxs: Sequence[int], attributes: object, now: object) -> Iterator[tuple[object, ...]]:
    for idx in idxs:
        name = f"ws-{idx:07d}"
        named = (tenant, idx, guid_of(idx), name, name, name, name)
        yield (*named, "", "", "", "", attributes, False, now, now, "", "", "", "")


def _insert_keys(
    conn: Connection, estate: Estate, kind: KeyKind, made: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    now, digest_key = estate.ports.clock.now(), estate.ports.digest_key
    for secret, scope in made:
        key_id = secret[-20:]
        key = Key(
            estate.tenant,
            key_id,
            kind,
            key_id,
            secret[:8],
            scope,
            now,
            now.replace(year=now.year + 1),
            None,
            False,
        )
        keys.insert_key(conn, key, digest(digest_key, secret))
