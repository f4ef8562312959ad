"""Keys that were asked for lately, so that a machine that calls a hundred times a second is not looked up a hundred times.

A key that is revoked is forgotten by the commit that revokes it. Where several processes share a database, another one's commit
is not heard here, so a key is asked for again after ``ELSEWHERE``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from opulse.db.together import Together
from opulse.ports import Ports
from opulse.tenancy.models import ROLE_OF_KIND, Key
from opulse.tenancy.store import keys
from opulse.web.roles import Caller

REVOKED = "keys.revoked"
"""Woken by whoever revokes a key."""

ELSEWHERE = 1.0
"""Seconds for which a key is believed where another process may revoke it."""

NOTED = 60.0
"""Seconds between two notes of a key's use: not a write per request."""

_MOST = 50_000


@dataclass(slots=True)
class _Known:
    key: Key
    caller: Caller
    until: float  # of time.monotonic()
    noted: datetime | None = None


class KnownKeys:
    """One per gate."""

    def __init__(self, ports: Ports) -> None:
        self._db = ports.db
        self._clock = ports.clock
        self._life = float("inf") if ports.db.dialect == "sqlite" else ELSEWHERE
        self._revoked: asyncio.Event = ports.db.wakes.sleeper(REVOKED)
        self._known: dict[str, _Known] = {}
        self._generation = 0
        self._used: dict[str, int] = {}  # key id → tenant, of uses to be noted
        self._noting = False
        self._asked = Together(self._find)

    async def find(self, digest: str, now: datetime) -> Caller | None:
        """Whose key has this digest; None when nobody's, or it is revoked or over. Its use is noted."""
        known = self._recall(digest)
        if known is None:
            known = await self._ask(digest)
            if known is None:
                return None
        if known.key.expires_at <= now:
            return None
        if known.noted is None or (now - known.noted).total_seconds() > NOTED:
            known.noted = now
            self._used[known.key.id] = known.key.tenant
        if self._used and not self._noting:
            await self._note(now)
        return known.caller

    def _recall(self, digest: str) -> _Known | None:
        self._heed()
        known = self._known.get(digest)
        return known if known is not None and monotonic() < known.until else None

    async def _ask(self, digest: str) -> _Known | None:
        generation = self._generation
        key = (await self._asked.find([digest])).get(digest)
        if key is None:
            self._known.pop(digest, None)
            return None
        self._heed()
        before = self._known.get(digest)
        caller = Caller(key.tenant, ROLE_OF_KIND[key.kind], f"key {key.name}", key_id=key.id, scope=key.scope)
        known = _Known(key, caller, monotonic() + self._life, before.noted if before else key.last_used)
        if generation == self._generation:  # else it may have been revoked since the database looked
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[digest] = known
        return known

    async def _find(self, digests: set[str]) -> Mapping[str, Key]:
        return await self._db.read(keys.find_keys, digests, self._clock.now())

    def _heed(self) -> None:
        """Forget everything once a key was revoked."""
        if self._revoked.is_set():
            self._revoked.clear()
            self._known.clear()
            self._generation += 1

    async def _note(self, now: datetime) -> None:
        """One caller writes down what all have used."""
        self._noting = True
        try:
            used, self._used = self._used, {}
            by_tenant: dict[int, list[str]] = {}
            for key, tenant in used.items():
                by_tenant.setdefault(tenant, []).append(key)
            for tenant, ids in by_tenant.items():
                await self._db.write(keys.touch_keys, tenant, ids, now)
        finally:
            self._noting = False
