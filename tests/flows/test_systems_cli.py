"""``opulse systems import`` against a server that runs: what it says, and how it ends."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.settings import load_settings
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from opulse.tenancy.store.tenants import list_tenants
from tests.servers.opulse import COMMAND, OpulseProcess


@pytest.fixture
def server(serve: Callable[..., OpulseProcess], tmp_path: Path) -> tuple[OpulseProcess, Path]:
    """A server, and the file that holds an integration key of its tenant."""
    data = tmp_path / "installation-1"
    made = [COMMAND, "init", "--email", "a@example.org", "--public-url", "http://localhost", "--data", data]
    subprocess.run([*made, "--no-test-mail"], check=True, capture_output=True, timeout=60)
    key = tmp_path / "key.txt"
    key.write_text(asyncio.run(_issue(data)))
    return serve(), key


async def _issue(data: Path) -> str:
    ports = await open_ports(load_settings(data), "http://localhost")
    (tenant, *_) = await ports.db.read(list_tenants)
    _, secret = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "test", "test")
    await close_ports(ports)
    return secret


def run(server: tuple[OpulseProcess, Path], *words: str | Path) -> tuple[int, str, str]:
    process, key = server
    command: Sequence[str | Path] = [COMMAND, "systems", "import", *words, "--server", process.url]
    done = subprocess.run([*command, "--key-file", key], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_file_is_sent_followed_and_its_refused_rows_are_named(
    server: tuple[OpulseProcess, Path], tmp_path: Path
) -> None:
    table, mapping = tmp_path / "devices.csv", tmp_path / "mapping.yaml"
    table.write_text("Host,Ring,Owner\nLT-1,early,anna@example.org\nLT-2,,nobody\n")
    mapping.write_text("name: Host\nattributes.ring: Ring\nuser.email: Owner\n")
    ended, said, refused = run(server, table, "--mapping", mapping)
    assert (ended, "1 added, 0 updated, 0 unchanged, 1 refused" in said) == (1, True), said + refused
    assert refused.startswith("line 3: LT-2: user.email: 'nobody' is not an e-mail address")
    table.write_text("name\nLT-1\n")
    assert run(server, table)[0] == 0
    people = tmp_path / "people.ldif"
    people.write_text("dn: uid=anna\nuid: anna\nmail: anna@example.org\n")
    ended, said, _ = run(server, people, "--kind", "people")
    assert (ended, "1 added" in said) == (0, True)


def test_what_cannot_be_sent_ends_with_two_and_a_sentence(
    server: tuple[OpulseProcess, Path], tmp_path: Path
) -> None:
    table, wrong = tmp_path / "devices.csv", tmp_path / "wrong.yaml"
    table.write_text("colour\nred\n")
    wrong.write_text("- name\n")
    ended, _, said = run(server, table)
    assert (ended, "Map a field to system_id or serial or name" in said) == (2, True)
    assert "one 'target: field' per line" in run(server, table, "--mapping", wrong)[2]
    nobody = [COMMAND, "systems", "import", table, "--server", "http://127.0.0.1:9", "--key", "x"]
    done = subprocess.run(nobody, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "cannot be reached" in done.stderr) == (2, True)
    no_key = subprocess.run(nobody[:-2], capture_output=True, text=True, timeout=60)
    assert (no_key.returncode, "--key-file FILE" in no_key.stderr) == (2, True)
