"""From a name to addresses, once per request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from opulse.outbound.models import FailureReason, OutboundFailed

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""``(host, port)`` → addresses as text, best first; raises ``OutboundFailed`` where there is none."""


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """As the machine resolves names (hosts file, DNS), in a thread."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutboundFailed(FailureReason.NO_ADDRESS, f"{host} does not resolve") from error
    return [str(entry[4][0]) for entry in found]
