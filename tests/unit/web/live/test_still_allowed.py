"""A stream ends when its viewer may not see it any more."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request

from opulse.web import live
from opulse.web.access import Caller, Role, needs_viewer
from opulse.web.live import StillAllowed

VIEWER = Caller(1, Role.VIEWER, "maya@example.org")


class Door:
    """A gate that lets in whom it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.caller: Caller | None = VIEWER
        self.asked = 0

    async def find_caller(self, request: Request) -> Caller | None:
        self.asked += 1
        return self.caller


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def allowed(door: Door) -> StillAllowed:
    app = FastAPI()
    app.state.gate = door
    return StillAllowed(Request({"type": "http", "headers": [], "app": app}), needs_viewer, 1)


async def test_within_half_a_minute_nobody_is_asked(allowed: StillAllowed, door: Door) -> None:
    door.caller = None
    assert await allowed.check()
    assert door.asked == 0


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (VIEWER, True),
        (Caller(1, Role.ADMIN, "maya@example.org"), True),
        (None, False),
        (Caller(2, Role.VIEWER, "maya@example.org"), False),
        (Caller(1, Role.INTEGRATION, "key"), False),
    ],
    ids=["the same", "promoted", "signed out", "another tenant", "another role"],
)
async def test_after_that_the_session_is_looked_at_again(
    allowed: StillAllowed, door: Door, monkeypatch: pytest.MonkeyPatch, now: Caller | None, verdict: bool
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    door.caller = now
    assert await allowed.check() is verdict
    assert door.asked == 1
