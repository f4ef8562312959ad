"""What time does to responses: who has not gone on for days will not."""

from __future__ import annotations

from opulse.experience.responses.store.closing import close_partials
from opulse.observe import get_logger
from opulse.ports import Ports

STEP = 2_000

log = get_logger("responses")


async def close_unfinished(ports: Ports) -> int:
    """Close every unfinished response that is due, a step at a time; how many they were."""
    closed = 0
    while True:
        step = await ports.db.write(close_partials, ports.clock.now(), STEP)
        closed += step
        if step < STEP:
            break
    if closed:
        log.info("unfinished responses closed", responses=closed)
    return closed
