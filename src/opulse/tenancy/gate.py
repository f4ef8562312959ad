"""The edge's question "who is calling?", answered: session cookie, key header, or bearer token."""

from __future__ import annotations

from fastapi import Request

from opulse.ports import Ports
from opulse.tenancy.flow.access_tokens import find_person_caller
from opulse.tenancy.flow.digests import digest
from opulse.tenancy.flow.known_keys import KnownKeys
from opulse.tenancy.flow.people import find_session
from opulse.tenancy.store import keys
from opulse.web.access import Caller, Role
from opulse.web.csrf import SESSION_COOKIE

KEY_HEADERS = (b"x-api-token", b"systrack-api-key")
_CARRIERS = frozenset((*KEY_HEADERS, b"authorization"))


class TenancyGate:
    """See :class:`opulse.web.access.Gate`. A key that was sent is the caller; a cookie counts only where no key came."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._keys = KnownKeys(ports)

    async def find_caller(self, request: Request) -> Caller | None:
        secret = _sent_key(request)
        if secret:
            return await self.find_by_secret(secret)
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie:
            return None
        found = await find_session(self._ports, cookie)
        if found is None:
            return None
        session, person = found
        return Caller(
            person.tenant,
            person.role,
            person.email,
            user_id=person.id,
            session_id=session.id,
            locale=person.locale,
        )

    async def find_by_secret(self, secret: str) -> Caller | None:
        """Whose key or token this is; None when nobody's, or not any more."""
        now = self._ports.clock.now()
        stored = digest(self._ports.digest_key, secret)
        if secret.startswith("opt_"):
            token = await self._ports.db.read(keys.find_token, stored, now)
            return (
                None if token is None else Caller(token[0], Role.SYSTEMS, "service account", key_id=token[1])
            )
        known = await self._keys.find(stored, now)
        return known or await find_person_caller(self._ports, secret)


def _sent_key(request: Request) -> str:
    headers = reversed(list(request.scope["headers"]))  # of two of a name the first counts
    sent = {name: value for name, value in headers if name in _CARRIERS}
    for name in KEY_HEADERS:
        if name in sent:
            return str(sent[name], "latin-1").strip()
    scheme, _, value = str(sent.get(b"authorization", b""), "latin-1").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
