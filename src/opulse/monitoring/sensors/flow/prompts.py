"""Questions on desktops, as far as the wing that knows systems has part in them: it says who is logged on, and passes them on.

Whose questions there are the other wing knows. Where both run in one process ``bootstrap`` gives us its door; else there is none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from opulse.monitoring.systems import views as systems
from opulse.ports import Ports
from opulse.web.roles import Caller
from opulse.wire.desktop_prompts import DesktopPrompt, DesktopUser, PromptReport
from opulse.wire.sensor_states import decode_answer, encode_answer


class PromptSource(Protocol):
    """The door of the wing that asks people."""

    async def offer(
        self, tenant: int, system: str, users: Callable[[], Awaitable[Sequence[DesktopUser]]]
    ) -> list[DesktopPrompt]:
        """What the system (GUID) may show now; ``users`` is asked only when there may be anything."""
        ...

    async def take(self, tenant: int, system: str, reports: Sequence[PromptReport]) -> None:
        """Keep what became of prompts on the system; durable when it returns."""
        ...


async def exchange_prompts(
    ports: Ports, source: PromptSource, caller: Caller, reports: Sequence[PromptReport], answer: bytes
) -> bytes:
    """Take the reports of an agent's batch and put what is offered to its system into the answer.

    Offers are no part of the answer that a repeated batch gets again: they are those of the moment.
    """
    if not caller.scope:
        return answer
    system = caller.scope[0].lower()
    if reports:
        await source.take(caller.tenant, system, reports)

    async def users() -> list[DesktopUser]:
        return await ports.db.read(_list_present, caller.tenant, system, ports)

    prompts = await source.offer(caller.tenant, system, users)
    if not prompts:
        return answer
    return encode_answer(msgspec.structs.replace(decode_answer(answer), prompts=prompts))


def _list_present(conn: Connection, tenant: int, guid: str, ports: Ports) -> list[DesktopUser]:
    """Who is logged on to the system now, as its agent says."""
    system = systems.find_system(conn, tenant, guid)
    if system is None:
        return []
    users = systems.list_users(conn, tenant, system.idx, ports.clock.now())
    return [DesktopUser(user.user_id, user.email) for user in users if user.is_logged_on]
