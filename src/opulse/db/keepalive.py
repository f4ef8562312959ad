"""When a connection to PostgreSQL is given up: seconds after its other end fell silent, not the kernel's quarter of an hour.

How long a statement may take is left open (a migration takes its time); that the server's machine still answers is not.
"""

from __future__ import annotations

import socket
from typing import Any

IDLE_SECONDS = 5
INTERVAL_SECONDS = 2
PROBES = 3
UNANSWERED_MILLISECONDS = 10_000


def give_up_soon(connection: Any) -> None:
    """Set the limits on an asyncpg connection's socket; those over a Unix socket need none."""
    bound = connection._transport.get_extra_info("socket")  # asyncpg offers no other way to it
    if bound is None or bound.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for level, option, value in (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, INTERVAL_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS),
    ):
        bound.setsockopt(level, option, value)
