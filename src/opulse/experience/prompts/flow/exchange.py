"""What an agent's heartbeat asks and tells: the open questions of the people who are logged on, and what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.distributions.flow.desktop import (
    get_distribution_in,
    mark_shown_in,
    offers_anything_in,
)
from opulse.experience.prompts import store
from opulse.experience.prompts.flow.wording import write_prompt
from opulse.experience.prompts.models import PromptReason
from opulse.experience.prompts.rules import decide_prompt
from opulse.experience.surveys.flow import get_version_in
from opulse.observe import faults, get_logger
from opulse.observe.metrics import DECISIONS, PROMPTS
from opulse.ports import Ports
from opulse.tenancy import get_tenant
from opulse.wire.desktop_prompts import (
    MOST_PROMPTS,
    DesktopPrompt,
    DesktopUser,
    PromptOutcome,
    PromptReport,
)

LOOK_AGAIN = timedelta(seconds=2)
"""How long it is believed that something, or nothing, is offered to desktops: a fleet of agents asks all the time."""

Users = Callable[[], Awaitable[Sequence[DesktopUser]]]

log = get_logger("prompts")


class DesktopPrompts:
    """One per process: remembers which tenants offer anything at the moment, so that the heartbeats of others cost nothing."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._known: dict[int, tuple[datetime, bool]] = {}

    async def offer(self, tenant: int, system: str, users: Users) -> list[DesktopPrompt]:
        """The questions that ``system`` (GUID) may show now, the newest first. ``users`` is asked only when there may be any."""
        now = self._ports.clock.now()
        if not await self._offers_anything(tenant, now):
            return []
        present = await users()
        if not present:
            return []
        return await self._ports.db.read(_offer_in, self._ports, tenant, system, present, now)

    async def _offers_anything(self, tenant: int, now: datetime) -> bool:
        looked_at, anything = self._known.get(tenant, (now - LOOK_AGAIN, False))
        if not timedelta(0) <= now - looked_at < LOOK_AGAIN:
            anything = await self._ports.db.read(offers_anything_in, tenant, now)
            self._known[tenant] = (now, anything)
        return anything

    async def take(self, tenant: int, system: str, reports: Sequence[PromptReport]) -> None:
        """Keep what became of prompts on ``system``; durable when it returns. Doing it again changes nothing."""
        learnt = await self._ports.db.write(_take_in, tenant, system, reports, self._ports.clock.now())
        faults.point("prompts.reported")
        for one in learnt:
            PROMPTS.labels(one.outcome.value).inc()
            if one.outcome is PromptOutcome.FAILED:
                log.warning("a desktop cannot show a question", system=system, why=one.detail)


def _offer_in(
    conn: Connection, ports: Ports, tenant: int, system: str, users: Sequence[DesktopUser], now: datetime
) -> list[DesktopPrompt]:
    # one system's few people and their open questions: no set is large enough here to be worth a join with the words
    prompts: list[DesktopPrompt] = []
    whose = get_tenant(conn, tenant)
    for candidate in store.list_candidates(conn, tenant, system, users, now):
        reason = decide_prompt(candidate, whose, now)
        DECISIONS.labels("decide_prompt", reason.value).inc()
        if reason is not PromptReason.OFFER or len(prompts) == MOST_PROMPTS:
            continue
        distribution = get_distribution_in(conn, tenant, candidate.distribution)
        version = get_version_in(conn, tenant, distribution.survey, distribution.version)
        prompts.append(write_prompt(ports, candidate, distribution, version.document))
    return prompts


def _take_in(
    conn: Connection, tenant: int, system: str, reports: Sequence[PromptReport], now: datetime
) -> list[PromptReport]:
    """The reports of which something was learnt. Those of unknown invitations are left: nothing is known of them."""
    known = store.find_desktop_invitations(conn, tenant, [one.id for one in reports])
    new = store.keep_reports(conn, tenant, system, [one for one in reports if one.id in known], now)
    learnt = [one for one in reports if one.id in new]
    shown = {one.id for one in learnt if one.outcome is PromptOutcome.SHOWN}
    if shown:
        mark_shown_in(conn, tenant, shown, now)
    return learnt
