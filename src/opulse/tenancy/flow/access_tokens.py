"""A person's API token, and OAuth client credentials (qualtrics-api.md 1.4): the person's rights, OAuth's within scopes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest, same
from opulse.tenancy.models import SCOPES, OAuthClient, Person
from opulse.tenancy.store import access as store
from opulse.tenancy.store.people import find_person
from opulse.web.roles import Caller
from opulse.wire.identifiers import API_TOKEN_LENGTH, new_api_token, random_text

ACCESS_LIFE = timedelta(seconds=3600)
ACCESS_SECONDS = 3599
"""What a client is told, as the vendor says it: whoever asks in time is never late."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class GrantRefusal(StrEnum):
    """Why no access token was given; the OAuth error code."""

    INVALID_CLIENT = "invalid_client"  # unknown, revoked, or the wrong secret: never say which
    INVALID_SCOPE = "invalid_scope"  # more than the client may have
    UNSUPPORTED_GRANT = "unsupported_grant_type"  # not client_credentials


@dataclass(frozen=True)
class Granted:
    """An access token and what it opens."""

    token: str
    scopes: tuple[str, ...]


async def make_person_token(ports: Ports, tenant: int, person: str, actor: str) -> str:
    """A new API token for the person; the one before opens nothing any more.

    Raises:
        LookupError: no such person.
    """
    token, now = new_api_token(), ports.clock.now()
    sealed = ports.secrets.seal(token)

    def unit(conn: Connection) -> None:
        found = find_person(conn, tenant, person)
        if found is None:
            raise LookupError(person)
        had = store.replace_person_token(conn, tenant, person, digest(ports.digest_key, token), sealed, now)
        before, after = {"opens": "one" if had else "none"}, {"opens": "a new one"}
        audit_in(conn, tenant, actor, "person.api_token_made", found.email, before, after, now)

    await ports.db.write(unit)
    return token


async def show_person_token(ports: Ports, tenant: int, person: str, actor: str) -> str | None:
    """The person's API token; None: they have none. Audited."""
    sealed = await ports.db.read(store.find_sealed_token, tenant, person)
    if sealed is None:
        return None
    now = ports.clock.now()
    await ports.db.write(
        audit_in, tenant, actor, "person.api_token_shown", person, None, {"shown": "yes"}, now
    )
    return ports.secrets.open(sealed)


async def find_person_caller(ports: Ports, secret: str) -> Caller | None:
    """Who acts by this API token."""
    if len(secret) != API_TOKEN_LENGTH or not secret.isalnum():
        return None
    person = await ports.db.read(store.find_person_by_token, digest(ports.digest_key, secret))
    return None if person is None else _caller(person)


async def create_client(
    ports: Ports, tenant: int, name: str, person: str, scopes: Sequence[str], actor: str
) -> tuple[OAuthClient, str]:
    """A client and its secret, which can never be read again.

    Raises:
        LookupError: no such person.
        ValueError: no name, no scope, or one that there is not.
    """
    if not name.strip():
        raise ValueError("a client needs a name, so that somebody knows later what it was for")
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise ValueError(f"unknown scopes: {', '.join(unknown)}" if unknown else "a client needs a scope")
    now, secret = ports.clock.now(), random_text(64)
    client = OAuthClient(tenant, uuid4().hex, name.strip(), person, tuple(sorted(set(scopes))), now)

    def unit(conn: Connection) -> None:
        found = find_person(conn, tenant, person)
        if found is None:
            raise LookupError(person)
        store.insert_client(conn, client, digest(ports.digest_key, secret))
        after = {"name": client.name, "acts for": found.email, "scopes": list(client.scopes)}
        audit_in(conn, tenant, actor, "oauth_client.created", client.id, None, after, now)

    await ports.db.write(unit)
    return client, secret


async def revoke_client(ports: Ports, tenant: int, client: str, actor: str) -> bool:
    """Close the client and its tokens at once. False: there is no such client."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        if not store.revoke_client(conn, tenant, client):
            return False
        audit_in(conn, tenant, actor, "oauth_client.revoked", client, {"revoked": False}, None, now)
        return True

    return await ports.db.write(unit)


async def grant(ports: Ports, kind: str, client_id: str, secret: str, scope: str) -> Granted | GrantRefusal:
    """The token request. Without ``scope`` the token has all that the client may have."""
    if kind != "client_credentials":
        return GrantRefusal.UNSUPPORTED_GRANT
    found = await ports.db.read(store.find_client_by_id, client_id)
    given = digest(ports.digest_key, secret)
    if found is None or not same(found[1], given):
        return GrantRefusal.INVALID_CLIENT
    client = found[0]
    wanted = tuple(dict.fromkeys(scope.split())) or client.scopes
    if "manage:all" not in client.scopes and not set(wanted) <= set(client.scopes):
        return GrantRefusal.INVALID_SCOPE
    if not set(wanted) <= SCOPES:
        return GrantRefusal.INVALID_SCOPE
    token, now = str(uuid4()), ports.clock.now()
    stored = digest(ports.digest_key, token)
    await ports.db.write(store.insert_oauth_token, client, stored, wanted, now + ACCESS_LIFE, now)
    return Granted(token, wanted)


async def find_access(ports: Ports, authorization: str) -> tuple[Caller, frozenset[str]] | None:
    """Whose access token stands in the header, and its scopes; None: none that is valid."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or _UUID.fullmatch(token.strip()) is None:
        return None
    stored = digest(ports.digest_key, token.strip())
    found = await ports.db.read(store.find_oauth_token, stored, ports.clock.now())
    if found is None:
        return None
    person, client, scopes = found
    return _caller(person, client), scopes


def _caller(person: Person, client: str = "") -> Caller:
    return Caller(
        person.tenant, person.role, person.email, user_id=person.id, key_id=client, locale=person.locale
    )
