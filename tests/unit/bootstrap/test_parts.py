"""Which parts a process has by its options, and which options do not go together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from opulse.bootstrap.app import make_health_app
from opulse.bootstrap.parts import make_parts
from opulse.bootstrap.ports import close_ports, open_ports
from opulse.cli.main import app
from opulse.db import Database
from opulse.ports import Ports
from opulse.settings import QUEUES, Settings, load_settings
from tests.servers.installation import browse

POSTGRES = "postgresql://opulse@127.0.0.1:1/nowhere"  # parts are made here, none of them is started
KEY = {"secret_key": "a secret that all processes share"}


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Any]:
    opened: list[Ports] = []

    async def names(web: bool, **options: Any) -> list[str]:
        settings = load_settings(tmp_path, **KEY, **options)
        ports = await open_ports(settings, "http://127.0.0.1")
        opened.append(ports)
        parts = make_parts(make_health_app(ports, "all") if web else None, ports, settings)
        return [type(part).__name__ for part in parts]

    yield names
    for ports in opened:
        await close_ports(ports)


async def test_one_process_on_sqlite_has_everything_and_nothing_for_others(made: Any) -> None:
    assert await made(web=True) == ["Evaluator", "Keeper", "Sampler", "Decider", "Sender", "Jobs", "Schedule"]


async def test_one_process_on_postgresql_leaves_room_for_others(made: Any) -> None:
    assert await made(web=True, database_url=POSTGRES) == [
        "Notices",
        "Evaluator",
        "ListenerSign",
        "SharedReports",
        "LeasedOwner",
        "Keeper",
        "Sampler",
        "Decider",
        "Sender",
        "Jobs",
        "Schedule",
        "Statistics",
    ]


@pytest.mark.parametrize(
    ("queues", "parts"),
    [
        ("jobs", ["Jobs"]),
        ("mail", ["Sender"]),
        ("decisions", ["Evaluator", "SharedReports", "LeasedOwner", "Keeper", "Sampler", "Decider"]),
        ("schedule", ["Schedule", "Statistics"]),
    ],
)
async def test_each_kind_of_work_alone(made: Any, queues: str, parts: list[str]) -> None:
    assert await made(web=False, database_url=POSTGRES, queues=queues) == ["Notices", *parts]


async def test_a_web_server_alone_follows_the_journal_and_says_that_it_listens(made: Any) -> None:
    alone = await made(web=True, database_url=POSTGRES, queues="")
    assert alone == ["Notices", "Evaluator", "ListenerSign", "SharedReports"]


async def test_the_wing_of_people_counts_no_systems(made: Any) -> None:
    assert await made(web=True, database_url=POSTGRES, queues="", wing="experience") == ["Notices"]


async def test_with_nats_jobs_come_from_the_stream(made: Any) -> None:
    parts = await made(web=False, database_url=POSTGRES, queues="jobs", nats_url="nats://127.0.0.1:1")
    assert parts == ["Notices", "JetStream", "Relay", "Jobs"]


async def test_nats_without_postgresql_is_refused(made: Any) -> None:
    with pytest.raises(ValueError, match="OPULSE_DATABASE_URL"):
        await made(web=True, nats_url="nats://127.0.0.1:1")


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("", ()),
        ("nats://a", ("nats://a",)),
        ("a:4222", ("nats://a:4222",)),
        ("nats://a,b, c:4223", ("nats://a", "nats://b", "nats://c:4223")),
        ("tls://me:pass@a,b", ("tls://me:pass@a", "tls://me:pass@b")),
    ],
)
def test_addresses_of_nats(tmp_path: Path, url: str, servers: tuple[str, ...]) -> None:
    assert load_settings(tmp_path, nats_url=url).nats_servers == servers


def test_queues_are_all_of_them_unless_said_and_none_when_empty(tmp_path: Path) -> None:
    assert Settings().queues == QUEUES
    assert load_settings(tmp_path, queues="mail, jobs").queues == ("mail", "jobs")
    assert load_settings(tmp_path, queues="").queues == ()
    with pytest.raises(ValueError, match="queues"):
        load_settings(tmp_path, queues="mails")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, "OPULSE_DATABASE_URL"),
        ({"OPULSE_DATABASE_URL": POSTGRES}, "OPULSE_PUBLIC_URL"),
        ({"OPULSE_DATABASE_URL": POSTGRES, "OPULSE_PUBLIC_URL": "https://p.example"}, "OPULSE_SECRET_KEY"),
    ],
)
def test_work_says_what_it_must_share(tmp_path: Path, options: dict[str, str], missing: str) -> None:
    done = CliRunner().invoke(app, ["work", "--data", str(tmp_path)], env=options)
    assert done.exit_code == 2
    assert missing in done.output
    assert not (tmp_path / "keys.json").exists(), "keys of its own would seal what nobody else can open"


async def test_a_process_without_pages_tells_its_health(db: Database, ports: Ports) -> None:
    async with browse(make_health_app(ports, "all")) as client:
        assert (await client.get("/healthz")).text == "ok"
        assert (await client.get("/readyz")).json()["database"] == "ok"
        assert "opulse_announcements_total" in (await client.get("/metrics")).text
        assert (await client.get("/api/v1/systems")).status_code == 404
