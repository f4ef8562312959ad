"""The installation that every pass begins with: made once, then copied, so that passes are alike and quick to set up."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.front import KEEPER, Front
from bench.chaos.members import Member
from opulse.cli.demo.calling import ApiClient
from tests.faults.world import Incident, make_tenant, make_world
from tests.servers.postgres import PostgresServer

NAME = "chaos"
SECRET = "the key of an installation that lives for one pass"
TICK = WAVE = 1.0  # seconds
LEASE = 3.0  # seconds
MEMBERS = {"sqlite": 1, "postgresql": 2}
"""Processes: one owns a SQLite database; two share one on PostgreSQL, each with evaluator, decider, worker and sender."""


@dataclass(frozen=True)
class World:
    """A folder (and on PostgreSQL a database) with a tenant and one incident that has not happened yet."""

    folder: Path
    front: Front
    key: str
    incident: Incident
    postgres: PostgresServer | None
    template: str  # name of the database; empty on SQLite

    @contextmanager
    def copy(self, number: int, relay_port: int) -> Iterator[tuple[str, list[Member]]]:
        """The address of a fresh copy's database and the processes to serve it, not started; removed when the block ends."""
        folder = self.folder / f"pass-{number}"
        database, name = "", ""
        if self.postgres is None:
            shutil.copytree(self.folder / "template", folder / "member-0")
            database = f"sqlite:///{folder / 'member-0' / 'opulse.db'}"
        else:
            folder.mkdir()
            name = self.postgres.create_database(self.template)
            database = self.postgres.url(name)
        count = MEMBERS["sqlite" if self.postgres is None else "postgresql"]
        members = [
            _member(folder / f"member-{one}", database, self.front, relay_port) for one in range(count)
        ]
        try:
            yield database, members
        finally:
            for member in members:
                member.kill()
            shutil.rmtree(folder, ignore_errors=True)
            if self.postgres is not None:
                self.postgres.drop_database(name)


async def prepare(folder: Path, front: Front, people: int, postgres: PostgresServer | None) -> World:
    """Make the template: by the public API, as an administrator would."""
    data = folder / "template"
    template = postgres.create_database() if postgres else ""
    database = postgres.url(template) if postgres else f"sqlite:///{data / 'opulse.db'}"
    key = await _tenant(data, database, front)
    member = _member(data, database, front, relay_port=1)
    member.start()
    front.begin(lambda: [member.port])
    try:
        async with ApiClient(member.url, key) as client:
            told = [f"{_url(front)}{KEEPER}webhook"]
            made = await make_world(client, client, [NAME], people + 2, told)
    finally:
        member.stop()
    return World(folder, front, key, made[NAME], postgres, template)


async def _tenant(data: Path, database: str, front: Front) -> str:
    return await asyncio.to_thread(
        make_tenant, data, database_url=database, secret_key=SECRET, public_url=_url(front)
    )


def _member(data: Path, database: str, front: Front, relay_port: int) -> Member:
    return Member(
        data,
        database_url=database,
        secret_key=SECRET,
        public_url=_url(front),
        smtp_host="127.0.0.1",
        smtp_port=relay_port,
        smtp_security="none",
        smtp_connections=4,
        mail_from="pulse@acme.example",
        tick_seconds=TICK,
        wave_seconds=WAVE,
        lease_seconds=LEASE,
        log_format="text",
    )


def _url(front: Front) -> str:
    return f"http://127.0.0.1:{front.port}"
