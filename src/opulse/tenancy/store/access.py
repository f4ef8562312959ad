"""How a program acts for a person: their API token, and OAuth clients with the tokens that these were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
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

from opulse.db import Instant, JsonDoc, metadata
from opulse.tenancy.models import OAuthClient, Person
from opulse.tenancy.store.people import people, person_of

person_tokens = Table(
    "person_tokens",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("sealed", Text, nullable=False),  # the API v3 shows a token again
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "person"),
    ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE"),
)

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False, unique=True),  # the client_id, of the whole installation
    Column("name", Text, nullable=False),
    Column("person", Text, nullable=False),  # whose rights it has
    Column("scopes", JsonDoc, nullable=False),
    Column("digest", Text, nullable=False),  # of the client_secret
    Column("created_at", Instant, nullable=False),
    Column("revoked", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE"),
)

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("client", Text, nullable=False),
    Column("scopes", JsonDoc, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("tenant", "digest"),
    ForeignKeyConstraint(
        ["tenant", "client"], ["oauth_clients.tenant", "oauth_clients.id"], ondelete="CASCADE"
    ),
)


def replace_person_token(
    conn: Connection, tenant: int, person: str, digest: str, sealed: str, now: datetime
) -> bool:
    """The person's token from now on. True: there was one before, which opens nothing any more."""
    mine = person_tokens.c.tenant == tenant, person_tokens.c.person == person
    had = conn.execute(delete(person_tokens).where(*mine)).rowcount == 1
    values = {"tenant": tenant, "person": person, "digest": digest, "sealed": sealed, "created_at": now}
    conn.execute(insert(person_tokens).values(values))
    return had


def find_sealed_token(conn: Connection, tenant: int, person: str) -> str | None:
    mine = person_tokens.c.tenant == tenant, person_tokens.c.person == person
    return conn.execute(select(person_tokens.c.sealed).where(*mine)).scalar_one_or_none()


def find_person_by_token(conn: Connection, digest: str) -> Person | None:
    """Resolver of user tokens; a person whose access was taken away has none."""
    same = and_(people.c.tenant == person_tokens.c.tenant, people.c.id == person_tokens.c.person)
    row = conn.execute(
        select(people)
        .join(person_tokens, same)
        .where(person_tokens.c.digest == digest, people.c.disabled.is_(False))
    ).one_or_none()
    return None if row is None else person_of(row)


def insert_client(conn: Connection, client: OAuthClient, digest: str) -> None:
    conn.execute(
        insert(oauth_clients).values(
            tenant=client.tenant,
            id=client.id,
            name=client.name,
            person=client.person,
            scopes=list(client.scopes),
            digest=digest,
            created_at=client.created_at,
            revoked=False,
        )
    )


def find_client_by_id(conn: Connection, client: str) -> tuple[OAuthClient, str] | None:
    """Resolver of token requests: the client and the digest of its secret; its person may still sign in."""
    same = and_(people.c.tenant == oauth_clients.c.tenant, people.c.id == oauth_clients.c.person)
    row = conn.execute(
        select(oauth_clients)
        .join(people, same)
        .where(oauth_clients.c.id == client, oauth_clients.c.revoked.is_(False), people.c.disabled.is_(False))
    ).one_or_none()
    if row is None:
        return None
    found = OAuthClient(row.tenant, row.id, row.name, row.person, tuple(row.scopes), row.created_at)
    return found, row.digest


def list_clients(conn: Connection, tenant: int) -> list[OAuthClient]:
    """Those that are not revoked, the oldest first."""
    rows = conn.execute(
        select(oauth_clients)
        .where(oauth_clients.c.tenant == tenant, oauth_clients.c.revoked.is_(False))
        .order_by(oauth_clients.c.created_at)
    )
    return [
        OAuthClient(row.tenant, row.id, row.name, row.person, tuple(row.scopes), row.created_at)
        for row in rows
    ]


def revoke_client(conn: Connection, tenant: int, client: str) -> bool:
    """Close the client and end every token that it was given."""
    mine = oauth_clients.c.tenant == tenant, oauth_clients.c.id == client, oauth_clients.c.revoked.is_(False)
    done = conn.execute(update(oauth_clients).where(*mine).values(revoked=True))
    conn.execute(delete(oauth_tokens).where(oauth_tokens.c.tenant == tenant, oauth_tokens.c.client == client))
    return done.rowcount == 1


def insert_oauth_token(
    conn: Connection,
    client: OAuthClient,
    digest: str,
    scopes: Sequence[str],
    expires_at: datetime,
    now: datetime,
) -> None:
    conn.execute(
        delete(oauth_tokens).where(oauth_tokens.c.tenant == client.tenant, oauth_tokens.c.expires_at < now)
    )
    values = {"tenant": client.tenant, "digest": digest, "client": client.id, "scopes": list(scopes)}
    conn.execute(insert(oauth_tokens).values(values | {"expires_at": expires_at}))


def find_oauth_token(
    conn: Connection, digest: str, now: datetime
) -> tuple[Person, str, frozenset[str]] | None:
    """Resolver of OAuth tokens: whose rights, the client's id, and the scopes."""
    client = and_(
        oauth_clients.c.tenant == oauth_tokens.c.tenant, oauth_clients.c.id == oauth_tokens.c.client
    )
    person = and_(people.c.tenant == oauth_clients.c.tenant, people.c.id == oauth_clients.c.person)
    row = conn.execute(
        select(people, oauth_tokens.c.client, oauth_tokens.c.scopes)
        .join(oauth_clients, person)
        .join(oauth_tokens, client)
        .where(
            oauth_tokens.c.digest == digest,
            oauth_tokens.c.expires_at > now,
            oauth_clients.c.revoked.is_(False),
            people.c.disabled.is_(False),
        )
    ).one_or_none()
    return None if row is None else (person_of(row), row.client, frozenset(row.scopes))
