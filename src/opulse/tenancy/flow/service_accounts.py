"""Service accounts and the tokens they get (systrack.md 5.2): the password form of the guide, and client credentials.

A password here is generated (192 bits), so it is compared by keyed digest: argon2 would cost 0.6 s on the way to the first
mail and be an open drain of CPU. It is also kept sealed, because the guide has an administrator read it from a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest, make_secret, same
from opulse.tenancy.models import TOKEN_LIFE, ServiceAccount
from opulse.tenancy.store import keys as store
from opulse.tenancy.store.tenants import find_tenant_by_client


class TokenRefusal(StrEnum):
    """Why no token was issued; the OAuth error code."""

    INVALID_CLIENT = "invalid_client"  # no tenant has this client id
    ACCESS_DENIED = "access_denied"  # unknown account or wrong password
    UNSUPPORTED = "unsupported_grant_type"  # neither password nor client_credentials


@dataclass(frozen=True)
class AccessToken:
    """An opaque bearer token; ``seconds`` until it ends."""

    token: str
    seconds: int


async def create_account(ports: Ports, tenant: int, name: str, actor: str) -> tuple[ServiceAccount, str]:
    """A service account with a generated user name and password."""
    if not name.strip():
        raise ValueError("a service account needs a name")
    now = ports.clock.now()
    number = str(uuid4())
    account = ServiceAccount(tenant, number, f"svc-{number[:13]}", name.strip(), now, None, False)
    password = make_secret("opsvc")

    def unit(conn: Connection) -> None:
        sealed = ports.secrets.seal(password)
        store.insert_account(conn, account, sealed, digest(ports.digest_key, password))
        audit_in(conn, tenant, actor, "service_account.created", account.username, None, {"name": name}, now)

    await ports.db.write(unit)
    return account, password


async def reveal_password(ports: Ports, tenant: int, account: str, actor: str) -> str:
    """The account's password; the caller has just signed in again. Audited.

    Raises:
        LookupError: no such account.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> str:
        sealed = store.find_sealed_password(conn, tenant, account)
        if sealed is None:
            raise LookupError(account)
        audit_in(conn, tenant, actor, "service_account.revealed", account, None, None, now)
        return sealed

    return ports.secrets.open(await ports.db.write(unit))


async def revoke_account(ports: Ports, tenant: int, account: str, actor: str) -> bool:
    """Close the account and its tokens at once."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        done = store.revoke_account(conn, tenant, account)
        if done:
            audit_in(conn, tenant, actor, "service_account.revoked", account, None, None, now)
        return done

    return await ports.db.write(unit)


async def issue_token(
    ports: Ports, grant: str, client_id: str, username: str, password: str
) -> AccessToken | TokenRefusal:
    """The token request. With ``client_credentials`` the user name may be the client id's own ``username`` field."""
    if grant not in ("password", "client_credentials"):
        return TokenRefusal.UNSUPPORTED
    tenant = await ports.db.read(find_tenant_by_client, client_id)
    if tenant is None:
        return TokenRefusal.INVALID_CLIENT
    found = await ports.db.read(store.find_account_by_username, tenant.id, username)
    if found is None or not same(found[1], digest(ports.digest_key, password)):
        return TokenRefusal.ACCESS_DENIED
    token = make_secret("opt")
    now = ports.clock.now()
    await ports.db.write(
        store.insert_token, tenant.id, digest(ports.digest_key, token), found[0].id, now + TOKEN_LIFE, now
    )
    return AccessToken(token, int(TOKEN_LIFE.total_seconds()))
