"""Read the whole state of one activation over the doors of both wings, in one read.

The ledger of a large one is shared with everybody who looks, and may be some seconds older.
"""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.console.journey.latency import list_stage_times
from opulse.console.journey.models import Journey, Running
from opulse.console.journey.timeline import list_steps
from opulse.console.journey.told import find_activation
from opulse.experience.distributions.flow.reading import Shown, list_distributions_in
from opulse.experience.distributions.models import WAITING_STATES, InvitationState
from opulse.experience.impact.flow.results import read_result_in
from opulse.ports import Ports
from opulse.pulses.ledger.flow import keep_ledger, large_ledger, ledger_in
from opulse.pulses.ledger.models import Ledger
from opulse.web.errors import NotFound


async def read_journey(ports: Ports, tenant: int, activation: str, language: str = "en") -> Journey:
    """The state now.

    Raises:
        NotFound: no such activation in this tenant.
    """
    known = await large_ledger(ports, tenant, activation)
    journey = await ports.db.read(_read_in, ports, tenant, activation, language, known)
    if known is None:
        keep_ledger(ports, tenant, journey.ledger)
    return journey


def _running(shown: Shown) -> Running:
    waiting = sum(shown.counts.by_state.get(one, 0) for one in (*WAITING_STATES, InvitationState.SENDING))
    why = shown.waits.value if shown.waits and waiting else ""
    return Running(shown.distribution, shown.counts.to_confirm, waiting, why)


def _read_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    activation: str,
    language: str,
    known: Ledger | None,
) -> Journey:
    found = find_activation(conn, tenant, activation)
    if found is None:
        raise NotFound("activation")
    asked = list_distributions_in(conn, tenant, activation, relay=ports.relay() is not None)
    result = read_result_in(conn, ports, tenant, activation, language, asked)
    ledger = known or ledger_in(conn, tenant, activation, ports.clock.now())
    steps = list_steps(conn, tenant, found, result.totals)
    stages = list_stage_times(conn, tenant, found, result.totals)
    return Journey(found, result, ledger, tuple(steps), tuple(_running(one) for one in asked), stages)
