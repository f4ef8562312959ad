"""Killed in the midst of following people up, and of forgetting somebody: the successor goes on, and nothing is there twice.

A process of its own dies by SIGKILL at the point; what it had committed is there. On SQLite, whose file both open.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

from opulse.clock import ManualClock
from opulse.experience.distributions.flow.following import follow_up_due, plan_follow_up
from opulse.experience.privacy.flow.erasing import carry_out, erase
from opulse.experience.privacy.models import ErasureState
from opulse.experience.privacy.views import find_erasure
from opulse.ports import Ports
from tests.stores.test_distributions_following import HOUR, children, mailed, reminder
from tests.stores.test_privacy import build, rows_of

PROGRAM = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import open_database
from opulse.observe import faults
from tests.servers.installation import open_ports

async def run(url, now, order, work):
    import_stores()
    db = await open_database(url)
    async with open_ports(db, ManualClock(datetime.fromisoformat(now))) as ports:
        faults.arm(Path(order))
        await eval(work)

from opulse.experience.distributions.flow.following import follow_up_due
from opulse.experience.privacy.flow.erasing import carry_out
asyncio.run(run(*sys.argv[1:]))
"""


async def die(tmp_path: Path, clock: ManualClock, point: str, work: str) -> None:
    """Run ``work`` on the test's database in a process that is killed at ``point``."""
    order = tmp_path / "die-at"
    order.write_text(point)
    url = f"sqlite:///{tmp_path / 'opulse.db'}"
    words = (url, clock.now().isoformat(), str(order), work)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *words)
    assert await process.wait() == -signal.SIGKILL


async def test_people_are_followed_up_once_though_it_was_killed(
    ports: Ports, clock: ManualClock, tmp_path: Path
) -> None:
    town, distribution, rows = await mailed(ports, 6)
    await plan_follow_up(ports, town.tenant, distribution, reminder(), "test")
    clock.advance(HOUR.total_seconds())
    await die(tmp_path, clock, "follow_ups.inserted", "follow_up_due(ports)")
    assert len(await children(ports, distribution)) == 6, "what was committed is there"
    assert await follow_up_due(ports) == 0
    made = Counter(row["of_invitation"] for row in await children(ports, distribution))
    assert made == Counter(row["id"] for row in rows)


async def test_somebody_is_forgotten_wholly_though_it_was_killed(
    ports: Ports, clock: ManualClock, tmp_path: Path
) -> None:
    town = await build(ports, clock)
    made = await erase(ports, town.tenant, ["Zoe.Zebra@x.example"], "olga")
    await die(tmp_path, clock, "erasure.answers", f"carry_out(ports, {town.tenant}, {made.id!r})")
    half = await ports.db.read(find_erasure, town.tenant, made.id)
    assert half is not None
    assert half.state is ErasureState.RUNNING
    await carry_out(ports, town.tenant, made.id)
    done = await ports.db.read(find_erasure, town.tenant, made.id)
    assert done is not None
    assert (done.state, done.keys) == (ErasureState.DONE, ())
    left = await ports.db.read(rows_of, town.tenant)
    others = {"responses", "response_history", "transactions"}
    assert {name for name, rows in left.items() if any("zebra" in row.lower() for row in rows)} == others
    assert done.report["contacts"] == done.report["invitations"] == 1
