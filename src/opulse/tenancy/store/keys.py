"""Credentials of machines: keys, service accounts, and the tokens that a service account was given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, json_list, metadata
from opulse.tenancy.models import Key, KeyKind, ServiceAccount

keys = Table(
    "api_keys",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scope", JsonDoc, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("last_used", Instant, nullable=True),
    Column("revoked", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

accounts = Table(
    "service_accounts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("username", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),  # sealed, so that an administrator can reveal it
    Column("digest", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used", Instant, nullable=True),
    Column("revoked", Boolean, nullable=False),
    Column("old_digest", Text, nullable=False, server_default=""),  # of the password before the last rotation
    Column("old_until", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
)

tokens = Table(
    "access_tokens",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("tenant", "digest"),
)


def insert_key(conn: Connection, key: Key, digest: str) -> None:
    conn.execute(
        insert(keys).values(
            tenant=key.tenant,
            id=key.id,
            kind=key.kind.value,
            name=key.name,
            hint=key.hint,
            digest=digest,
            scope=list(key.scope),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used=None,
            revoked=False,
        )
    )


def find_keys(conn: Connection, digests: Iterable[str], now: datetime) -> dict[str, Key]:
    """Resolver of key headers: by digest, the keys that are neither revoked nor over."""
    wanted = json_list(conn, digests)
    rows = conn.execute(
        select(keys).where(
            keys.c.digest.in_(select(wanted.c.value)), keys.c.revoked.is_(False), keys.c.expires_at > now
        )
    )
    return {row.digest: _key(row) for row in rows}


def list_keys(conn: Connection, tenant: int) -> list[Key]:
    rows = conn.execute(select(keys).where(keys.c.tenant == tenant).order_by(keys.c.created_at.desc()))
    return [_key(row) for row in rows]


def revoke_key(conn: Connection, tenant: int, key: str) -> bool:
    done = conn.execute(update(keys).where(keys.c.tenant == tenant, keys.c.id == key).values(revoked=True))
    return done.rowcount == 1


def find_key(conn: Connection, tenant: int, key: str) -> Key | None:
    """One key, its row locked until the unit commits."""
    query = select(keys).where(keys.c.tenant == tenant, keys.c.id == key)
    row = conn.execute(query.with_for_update()).one_or_none()
    return None if row is None else _key(row)


def end_key_at(conn: Connection, tenant: int, key: str, expires_at: datetime) -> None:
    """The key ends then."""
    conn.execute(update(keys).where(keys.c.tenant == tenant, keys.c.id == key).values(expires_at=expires_at))


def touch_keys(conn: Connection, tenant: int, ids: Iterable[str], now: datetime) -> None:
    wanted = json_list(conn, ids)
    conn.execute(
        update(keys)
        .where(keys.c.tenant == tenant, keys.c.id.in_(select(wanted.c.value)))
        .values(last_used=now)
    )


def insert_account(conn: Connection, account: ServiceAccount, password: str, digest: str) -> None:
    conn.execute(
        insert(accounts).values(
            tenant=account.tenant,
            id=account.id,
            username=account.username,
            name=account.name,
            password=password,
            digest=digest,
            created_at=account.created_at,
            last_used=None,
            revoked=False,
        )
    )


def find_account_by_username(
    conn: Connection, tenant: int, username: str
) -> tuple[ServiceAccount, str, str] | None:
    """The account, the keyed digest of its password, and that of the one before (empty: none)."""
    row = conn.execute(
        select(accounts).where(
            accounts.c.tenant == tenant, accounts.c.username == username, accounts.c.revoked.is_(False)
        )
    ).one_or_none()
    return None if row is None else (_account(row), row.digest, row.old_digest)


def find_account(conn: Connection, tenant: int, account: str) -> ServiceAccount | None:
    """One account, its row locked until the unit commits."""
    query = select(accounts).where(accounts.c.tenant == tenant, accounts.c.id == account)
    row = conn.execute(query.with_for_update()).one_or_none()
    return None if row is None else _account(row)


def rotate_account(
    conn: Connection, tenant: int, account: str, password: str, digest: str, old_until: datetime
) -> None:
    """Give the account another password; the one that it had opens until ``old_until``."""
    conn.execute(
        update(accounts)
        .where(accounts.c.tenant == tenant, accounts.c.id == account)
        .values(password=password, digest=digest, old_digest=accounts.c.digest, old_until=old_until)
    )


def end_account_overlap(conn: Connection, tenant: int, account: str) -> None:
    """The password before opens nothing any more."""
    conn.execute(
        update(accounts)
        .where(accounts.c.tenant == tenant, accounts.c.id == account)
        .values(old_digest="", old_until=None)
    )


def find_sealed_password(conn: Connection, tenant: int, account: str) -> str | None:
    sealed: str | None = conn.execute(
        select(accounts.c.password).where(accounts.c.tenant == tenant, accounts.c.id == account)
    ).scalar_one_or_none()
    return sealed


def list_accounts(conn: Connection, tenant: int) -> list[ServiceAccount]:
    rows = conn.execute(select(accounts).where(accounts.c.tenant == tenant).order_by(accounts.c.created_at))
    return [_account(row) for row in rows]


def revoke_account(conn: Connection, tenant: int, account: str) -> bool:
    """Close the account and end every token it was given."""
    done = conn.execute(
        update(accounts).where(accounts.c.tenant == tenant, accounts.c.id == account).values(revoked=True)
    )
    conn.execute(delete(tokens).where(tokens.c.tenant == tenant, tokens.c.account == account))
    return done.rowcount == 1


def insert_token(
    conn: Connection, tenant: int, digest: str, account: str, expires_at: datetime, now: datetime
) -> None:
    conn.execute(delete(tokens).where(tokens.c.tenant == tenant, tokens.c.expires_at < now))
    conn.execute(insert(tokens).values(tenant=tenant, digest=digest, account=account, expires_at=expires_at))
    conn.execute(
        update(accounts).where(accounts.c.tenant == tenant, accounts.c.id == account).values(last_used=now)
    )


def find_token(conn: Connection, digest: str, now: datetime) -> tuple[int, str] | None:
    """Resolver of bearer tokens: (tenant, account). A token that was made while its account was closed opens nothing."""
    row = conn.execute(
        select(tokens.c.tenant, tokens.c.account)
        .join(accounts, and_(accounts.c.tenant == tokens.c.tenant, accounts.c.id == tokens.c.account))
        .where(tokens.c.digest == digest, tokens.c.expires_at > now, accounts.c.revoked.is_(False))
    ).one_or_none()
    return None if row is None else (row.tenant, row.account)


def _key(row: Any) -> Key:
    return Key(
        row.tenant,
        row.id,
        KeyKind(row.kind),
        row.name,
        row.hint,
        tuple(row.scope),
        row.created_at,
        row.expires_at,
        row.last_used,
        row.revoked,
    )


def _account(row: Any) -> ServiceAccount:
    return ServiceAccount(
        row.tenant,
        row.id,
        row.username,
        row.name,
        row.created_at,
        row.last_used,
        row.revoked,
        row.old_until,
    )
