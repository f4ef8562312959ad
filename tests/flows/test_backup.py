"""Backup and restore: every row, keys and options, on both databases and from one to the other; sending is held."""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.stages import import_stores
from opulse.cli.keep.archive import ArchiveRefused
from opulse.cli.keep.backing_up import back_up
from opulse.cli.keep.restoring import TargetNotEmpty, restore
from opulse.clock import ManualClock
from opulse.db import metadata
from opulse.db.copying import CopyDamaged
from opulse.experience.directory.flow.lists import create_directory
from opulse.experience.directory.flow.people import import_contacts
from opulse.jobs import enqueue
from opulse.ports import Ports
from opulse.settings import Settings, load_settings
from opulse.tenancy import find_tenant
from opulse.tenancy.flow.service_accounts import create_account, reveal_password
from opulse.tenancy.flow.tenants import create_tenant

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Ports]:
    ports = await open_ports(settings, "http://127.0.0.1", CLOCK)
    try:
        yield ports
    finally:
        await close_ports(ports)


@pytest.fixture
def target_url(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Names the database for what is opened from now on; empty: SQLite in the data folder."""

    def name(url: str) -> None:
        monkeypatch.setenv("OPULSE_DATABASE_URL", "" if url.startswith("sqlite") else url)

    return name


async def make_installation(settings: Settings) -> str:
    """A tenant with people, a sealed password and a job that waits. The service account's id."""
    async with opened(settings) as ports:
        await migrate(ports.db)
        tenant = (await create_tenant(ports, "Acme", "test")).id
        directory = await create_directory(ports, tenant, "People", "test")
        rows = [
            {"first_name": "دينا", "email": f"p{number}@acme.example", "embedded_data": {"site": "Köln"}}
            for number in range(1_200)
        ]
        await import_contacts(ports, tenant, directory.id, rows, list_id="", raise_events=False, actor="test")
        account, _ = await create_account(ports, tenant, "Pulse", "test")
        await ports.db.write(
            lambda conn: enqueue(conn, tenant, "test.fact", {"n": 1}, unique="1", run_at=NOW)
        )
        return account.id


def all_rows(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in metadata.sorted_tables:
        rows = [dict(row) for row in conn.execute(select(table)).mappings()]
        found[table.name] = sorted(rows, key=repr)
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def restored(source: Path, data: Path) -> Settings:
    await restore(source, data)
    return load_settings(data)


@pytest.mark.stores
async def test_every_row_comes_back_and_sending_is_held(
    database_url: str, tmp_path: Path, target_url: Any
) -> None:
    import_stores()
    target_url(database_url)
    before = load_settings(tmp_path / "old")
    account = await make_installation(before)
    async with opened(before) as ports:
        rows = await ports.db.read(all_rows)
        password = await reveal_password(ports, 1, account, "test")
        rows = await ports.db.read(all_rows)
    (tmp_path / "old" / "opulse.env").write_text('OPULSE_MAIL_FROM="it@acme.example"\n')
    manifest = await back_up(before, tmp_path / "kept.tar.gz", CLOCK)
    assert manifest.rows == {name: len(found) for name, found in rows.items()}
    assert manifest.rows["contacts"] == 1_200

    target_url("")  # from whatever it was to SQLite
    after = await restored(tmp_path / "kept.tar.gz", tmp_path / "new")
    assert after.mail_from == "it@acme.example"
    async with opened(after) as ports:
        again = await ports.db.read(all_rows)
        assert (await ports.db.read(find_tenant, 1)).hold_after_restore
        assert await reveal_password(ports, 1, account, "test") == password
    for name in rows.keys() - {"tenants", "audit"}:
        assert again[name] == rows[name], name
    assert [entry["action"] for entry in again["audit"] if entry not in rows["audit"]] == ["tenant.changed"]


@pytest.mark.stores
async def test_a_backup_is_restored_into_this_database(
    database_url: str, tmp_path: Path, target_url: Any
) -> None:
    """From SQLite into either, and numbers that the database gives go on where they were."""
    import_stores()
    target_url("")
    await make_installation(load_settings(tmp_path / "old"))
    await back_up(load_settings(tmp_path / "old"), tmp_path / "kept.tar.gz", CLOCK)
    target_url(database_url)
    settings = await restored(tmp_path / "kept.tar.gz", tmp_path / "new")
    assert settings.database.startswith(database_url.partition(":")[0])
    async with opened(settings) as ports:
        rows = await ports.db.read(all_rows)
        assert len(rows["contacts"]) == 1_200
        assert {row["embedded"]["site"] for row in rows["contacts"]} == {"Köln"}
        highest = max(job["id"] for job in rows["jobs"])
        await ports.db.write(lambda conn: enqueue(conn, 1, "test.fact", {"n": 2}, unique="2", run_at=NOW))
        newest = max(job["id"] for job in (await ports.db.read(all_rows))["jobs"])
        assert newest > highest


@pytest.mark.stores
async def test_nothing_is_restored_over_something(database_url: str, tmp_path: Path, target_url: Any) -> None:
    target_url(database_url)
    settings = load_settings(tmp_path / "old")
    await make_installation(settings)
    kept = tmp_path / "kept.tar.gz"
    await back_up(settings, kept, CLOCK)
    with pytest.raises(TargetNotEmpty, match="not empty"):
        await restore(kept, tmp_path / "old")
    if settings.database_url:
        with pytest.raises(TargetNotEmpty, match=r"holds [\d,]+ rows"):
            await restore(kept, tmp_path / "new")
        assert names_in(tmp_path / "new") == []
    with pytest.raises(ArchiveRefused, match="overwrites nothing"):
        await back_up(settings, kept, CLOCK)


async def test_a_backup_while_it_is_written_is_of_one_moment(tmp_path: Path, target_url: Any) -> None:
    target_url("")
    settings = load_settings(tmp_path / "old")
    await make_installation(settings)
    async with opened(settings) as ports:
        await ports.db.write(lambda conn: enqueue(conn, 1, "test.fact", {"n": 3}, unique="3", run_at=NOW))
        manifest = await back_up(settings, tmp_path / "kept.tar.gz", CLOCK)
    assert manifest.rows["jobs"] == 2
    assert (tmp_path / "kept.tar.gz").stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["kept.tar.gz", "old"]


async def test_keys_that_are_elsewhere_must_be_named(
    tmp_path: Path, target_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target_url("")
    monkeypatch.setenv("OPULSE_SECRET_KEY", "one secret of the administrator's")
    account = await make_installation(load_settings(tmp_path / "old"))
    manifest = await back_up(load_settings(tmp_path / "old"), tmp_path / "kept.tar.gz", CLOCK)
    assert "keys.json" not in manifest.digests
    monkeypatch.delenv("OPULSE_SECRET_KEY")
    with pytest.raises(ArchiveRefused, match="OPULSE_SECRET_KEY"):
        await restore(tmp_path / "kept.tar.gz", tmp_path / "new")
    monkeypatch.setenv("OPULSE_SECRET_KEY", "one secret of the administrator's")
    async with opened(await restored(tmp_path / "kept.tar.gz", tmp_path / "new")) as ports:
        assert (await reveal_password(ports, 1, account, "test")).startswith("opsvc_")


async def test_what_is_no_backup_or_damaged_is_refused(tmp_path: Path, target_url: Any) -> None:
    target_url("")
    with pytest.raises(ArchiveRefused, match="no database"):
        await back_up(load_settings(tmp_path / "nowhere"), tmp_path / "kept.tar.gz", CLOCK)
    (tmp_path / "text").write_text("not a tar file")
    with pytest.raises(ArchiveRefused, match="not a readable backup"):
        await restore(tmp_path / "text", tmp_path / "new")
    await make_installation(load_settings(tmp_path / "old"))
    await back_up(load_settings(tmp_path / "old"), tmp_path / "kept.tar.gz", CLOCK)
    with tarfile.open(tmp_path / "kept.tar.gz") as packed:
        packed.extractall(tmp_path / "open", filter="data")
    (tmp_path / "open" / "keys.json").write_text("{}")
    with tarfile.open(tmp_path / "bent.tar.gz", "w:gz") as packed:
        for name in ("manifest.json", "opulse.db", "keys.json"):
            packed.add(tmp_path / "open" / name, name)
    with pytest.raises(ArchiveRefused, match=r"keys\.json is not what was backed up"):
        await restore(tmp_path / "bent.tar.gz", tmp_path / "new")
    assert names_in(tmp_path / "new") == []


async def test_a_database_that_is_not_sound_is_not_backed_up(tmp_path: Path, target_url: Any) -> None:
    target_url("")
    settings = load_settings(tmp_path / "old")
    await make_installation(settings)
    path = tmp_path / "old" / "opulse.db"
    sqlite3.connect(path).execute("PRAGMA journal_mode=DELETE").close()
    page = 4096
    with path.open("r+b") as file:
        for number in range(20, 60):
            file.seek(number * page)
            file.write(b"\xff" * page)
    with pytest.raises(CopyDamaged):
        await back_up(settings, tmp_path / "kept.tar.gz", CLOCK)
    assert not (tmp_path / "kept.tar.gz").exists()
