"""A journey is a user's: it starts the real commands."""

from __future__ import annotations

import pytest

from tests.servers import opulse
from tests.servers.processes import Server


@pytest.fixture(autouse=True)
def the_real_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opulse, "LAUNCH", Server)
