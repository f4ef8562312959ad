"""Open connections, kept per name.

A pool of its own for each scheme, name and port: connections are made to checked IP addresses, and two names at one
address must never share one, since its certificate was checked for the first name only.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

_MAX_POOLS: Final = 64
_LIMITS: Final = httpx2.Limits(max_connections=20, max_keepalive_connections=4, keepalive_expiry=30.0)

OriginKey = tuple[str, str, int]
"""Scheme, name, port."""


@dataclass(slots=True)
class _Pool:
    transport: httpx2.AsyncHTTPTransport
    users: int = 0


class OriginPools:
    """At most 64 idle pools; the one unused for longest is closed first, and never while a request uses it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._pools: dict[OriginKey, _Pool] = {}

    @asynccontextmanager
    async def lease(self, key: OriginKey) -> AsyncIterator[httpx2.AsyncHTTPTransport]:
        pool = self._pools.pop(key, None) or _Pool(self._transport())
        self._pools[key] = pool  # to the end: the order of the dict is the order of use
        pool.users += 1
        try:
            yield pool.transport
        finally:
            pool.users -= 1
            await self._close_surplus()

    async def aclose(self) -> None:
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.transport.aclose()

    def _transport(self) -> httpx2.AsyncHTTPTransport:
        return httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=_LIMITS, retries=0)

    async def _close_surplus(self) -> None:
        idle = [key for key, pool in self._pools.items() if pool.users == 0]
        for key in idle[: max(0, len(self._pools) - _MAX_POOLS)]:
            await self._pools.pop(key).transport.aclose()
