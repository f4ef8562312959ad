"""``console``: the application in process with a signed-in browser of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from opulse.bootstrap.stages import import_stores
from opulse.ports import Ports
from opulse.tenancy.flow import people
from tests.edges.console import Console, open_console

import_stores()  # so that the database of the fixture has every table


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real argon2 at its least cost: at the product's, signing three people in takes seconds per test."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    decoy = hasher.hash("nobody's")
    monkeypatch.setattr(people, "_hasher", lambda: hasher)
    monkeypatch.setattr(people, "_decoy", lambda: decoy)


@pytest.fixture
async def console(ports: Ports) -> AsyncIterator[Console]:
    async with open_console(ports) as opened:
        yield opened
