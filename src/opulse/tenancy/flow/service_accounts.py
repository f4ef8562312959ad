"""Service accounts and the tokens they get (systrack.md 5.2): the password form of the guide, and client credentials.

A password here is generated (192 bits), so it is compared by keyed digest: argon2 would cost 0.6 s on the way to the first
mail and be an open drain of CPU. It is also kept sealed, because the guide has an administrator read it from a page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest, make_secret, same
from opulse.tenancy.models import OVERLAP, OVERLAP_MAX, TOKEN_LIFE, ServiceAccount
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
    return await ports.db.write(create_account_in, ports, tenant, name, actor)


def create_account_in(
    conn: Connection, ports: Ports, tenant: int, name: str, actor: str
) -> tuple[ServiceAccount, str]:
    """:func:`create_account` inside another unit."""
    if not name.strip():
        raise ValueError("a service account needs a name")
    now = ports.clock.now()
    number = str(uuid4())
    account = ServiceAccount(tenant, number, f"svc-{number[:13]}", name.strip(), now, None, False)
    password = make_secret("opsvc")

    sealed = ports.secrets.seal(password)
    store.insert_account(conn, account, sealed, digest(ports.digest_key, password))
    audit_in(conn, tenant, actor, "service_account.created", account.username, None, {"name": name}, now)
    return account, password


async def reveal_password(ports: Ports, tenant: int, account: str, actor: str) -> str:
    """The account's password; the caller has just signed in again. Audited.

    Raises:
        LookupError: no such account.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> str:
        found = store.find_account(conn, tenant, account)
        sealed = store.find_sealed_password(conn, tenant, account)
        if sealed is None or found is None:
            raise LookupError(account)
        after = {"name": found.name}
        audit_in(conn, tenant, actor, "service_account.revealed", found.username, None, after, now)
        return sealed

    return ports.secrets.open(await ports.db.write(unit))


async def rotate_password(
    ports: Ports, tenant: int, account: str, actor: str, overlap: timedelta = OVERLAP
) -> tuple[ServiceAccount, str] | None:
    """A new password; the old one opens too for ``overlap``, so that the other product can be told meanwhile.

    Tokens that were given out stay. None: there is no such account, or it is revoked.

    Raises:
        ValueError: the overlap is negative or above 30 days.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise ValueError(f"the old password opens for 0 hours to {OVERLAP_MAX.days} days more")
    now = ports.clock.now()
    password = make_secret("opsvc")
    sealed, until = ports.secrets.seal(password), now + overlap

    def unit(conn: Connection) -> ServiceAccount | None:
        found = store.find_account(conn, tenant, account)
        if found is None or found.revoked:
            return None
        store.rotate_account(conn, tenant, account, sealed, digest(ports.digest_key, password), until)
        change = _valid(found, now), {"valid": "the new one", "the one before until": until.isoformat()}
        audit_in(conn, tenant, actor, "service_account.rotated", found.username, *change, now)
        return replace(found, old_until=until)

    done = await ports.db.write(unit)
    return None if done is None else (done, password)


async def end_overlap(ports: Ports, tenant: int, account: str, actor: str) -> bool:
    """The password before the last rotation ends now. False: there is no such account."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        found = store.find_account(conn, tenant, account)
        if found is None:
            return False
        if found.overlaps(now):
            store.end_account_overlap(conn, tenant, account)
            change = _valid(found, now), {"valid": "the new one"}
            audit_in(conn, tenant, actor, "service_account.old_ended", found.username, *change, now)
        return True

    return await ports.db.write(unit)


def _valid(account: ServiceAccount, now: datetime) -> dict[str, str]:
    """Which passwords open, for the audit trail."""
    if account.old_until is None or not account.overlaps(now):
        return {"valid": "one"}
    return {"valid": "two", "the one before until": account.old_until.isoformat()}


async def revoke_account(ports: Ports, tenant: int, account: str, actor: str) -> bool:
    """Close the account and its tokens at once."""
    now = ports.clock.now()

    def unit(conn: Connection) -> bool:
        found = store.find_account(conn, tenant, account)
        if found is None:
            return False
        store.revoke_account(conn, tenant, account)
        before = {"name": found.name, "revoked": found.revoked}
        audit_in(conn, tenant, actor, "service_account.revoked", found.username, before, None, now)
        return True

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
    now = ports.clock.now()
    if found is None or not _opens(found, digest(ports.digest_key, password), now):
        return TokenRefusal.ACCESS_DENIED
    token = make_secret("opt")
    await ports.db.write(
        store.insert_token, tenant.id, digest(ports.digest_key, token), found[0].id, now + TOKEN_LIFE, now
    )
    return AccessToken(token, int(TOKEN_LIFE.total_seconds()))


def _opens(found: tuple[ServiceAccount, str, str], given: str, now: datetime) -> bool:
    """Both are compared, so that the time taken says nothing of which one it was."""
    account, newest, before = found
    is_newest, is_before = same(newest, given), bool(before) and same(before, given)
    return is_newest or (is_before and account.overlaps(now))
