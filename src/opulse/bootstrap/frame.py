"""What the frame around every console page shows, joined from tenancy and the wings."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.monitoring.activations.views import list_activations
from opulse.ports import Ports
from opulse.tenancy import find_tenant
from opulse.web.components.frame import FrameFacts, MailSwitch
from opulse.web.roles import Caller
from opulse.wire.affected import ActivationState


class ConsoleFrame:
    """See :class:`opulse.web.components.frame.FrameSource`."""

    def __init__(self, ports: Ports, wing: str) -> None:
        self._ports = ports
        self._counts_activations = wing != "experience"

    async def frame_facts(self, caller: Caller) -> FrameFacts:
        return await self._ports.db.read(self._facts_in, caller)

    def _facts_in(self, conn: Connection, caller: Caller) -> FrameFacts:
        tenant = find_tenant(conn, caller.tenant)
        state = "paused" if tenant.mail_paused else "on" if tenant.mail_open else "allow_list"
        counts: dict[str, int] = {}
        if self._counts_activations:
            counts["activations"] = len(list_activations(conn, tenant.id, state=ActivationState.ACTIVE))
        return FrameFacts(tenant.name, caller.name, mail=MailSwitch(state), counts=counts)
