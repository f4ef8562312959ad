"""The users that an agent reports beside its sensors."""

from __future__ import annotations

from collections.abc import Sequence

from opulse.monitoring.systems.flow.logons import keep_logons
from opulse.monitoring.systems.models import Logon
from opulse.ports import Ports
from opulse.web.roles import Caller
from opulse.wire.sensor_states import LoggedOnUser, decode_answer


async def take_users(ports: Ports, caller: Caller, users: Sequence[LoggedOnUser], answer: bytes) -> None:
    """Keep who is logged on to the caller's own system, unless its batch was passed over as an old one.

    Agents say it when it changes and once an hour, so this is no part of the usual batch.
    """
    if not caller.scope or decode_answer(answer).ignored:
        return
    logons = [Logon(user.user, user.since) for user in users]
    await keep_logons(ports, caller.tenant, caller.scope[0].lower(), logons)
