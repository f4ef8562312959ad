"""People who sign in, their sessions, and their failed tries. The tables foresee single sign-on and a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, metadata
from opulse.tenancy.models import Person, Session
from opulse.web.roles import Role

people = Table(
    "people",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2; empty: signs in elsewhere
    Column("issuer", Text, nullable=False),  # of single sign-on; empty: our own password
    Column("subject", Text, nullable=False),
    Column("second_factor", Text, nullable=False),  # sealed; empty: none
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_sign_in", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("person", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("proved_at", Instant, nullable=False),
    Column("agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE"),
)

failures = Table(
    "sign_in_failures",
    metadata,
    Column("email_key", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sign_in_failures", "email_key", "at"),
)


def insert_person(conn: Connection, person: Person, password: str) -> None:
    conn.execute(
        insert(people).values(
            tenant=person.tenant,
            id=person.id,
            email=person.email,
            email_key=person.email.lower(),
            name=person.name,
            role=person.role.value,
            locale=person.locale,
            password=password,
            issuer="",
            subject="",
            second_factor="",
            disabled=person.disabled,
            created_at=person.created_at,
            last_sign_in=None,
        )
    )


def find_person_by_email(conn: Connection, email: str) -> tuple[Person, str] | None:
    """Resolver of sign-in: the person and the stored password."""
    row = conn.execute(select(people).where(people.c.email_key == email.strip().lower())).one_or_none()
    return None if row is None else (person_of(row), row.password)


def find_person(conn: Connection, tenant: int, person: str) -> Person | None:
    row = conn.execute(select(people).where(people.c.tenant == tenant, people.c.id == person)).one_or_none()
    return None if row is None else person_of(row)


def find_password(conn: Connection, tenant: int, person: str) -> str:
    stored = conn.execute(
        select(people.c.password).where(people.c.tenant == tenant, people.c.id == person)
    ).scalar_one_or_none()
    return stored or ""


def list_people(conn: Connection, tenant: int) -> list[Person]:
    rows = conn.execute(select(people).where(people.c.tenant == tenant).order_by(people.c.email_key))
    return [person_of(row) for row in rows]


def update_person(conn: Connection, tenant: int, person: str, **changes: Any) -> None:
    conn.execute(update(people).where(people.c.tenant == tenant, people.c.id == person).values(**changes))


def insert_session(conn: Connection, session: Session, digest: str) -> None:
    conn.execute(
        insert(sessions).values(
            tenant=session.tenant,
            id=session.id,
            digest=digest,
            person=session.person,
            created_at=session.created_at,
            last_seen=session.last_seen,
            proved_at=session.proved_at,
            agent=session.agent[:200],
            address=session.address,
        )
    )


def find_session(conn: Connection, digest: str) -> tuple[Session, Person] | None:
    """Resolver of the session cookie."""
    row = conn.execute(select(sessions).where(sessions.c.digest == digest)).one_or_none()
    if row is None:
        return None
    person = find_person(conn, row.tenant, row.person)
    return None if person is None else (_session(row), person)


def list_sessions(conn: Connection, tenant: int, person: str) -> list[Session]:
    rows = conn.execute(
        select(sessions)
        .where(sessions.c.tenant == tenant, sessions.c.person == person)
        .order_by(sessions.c.last_seen.desc())
    )
    return [_session(row) for row in rows]


def touch_session(conn: Connection, tenant: int, session: str, now: datetime) -> None:
    conn.execute(
        update(sessions).where(sessions.c.tenant == tenant, sessions.c.id == session).values(last_seen=now)
    )


def prove_session(conn: Connection, tenant: int, session: str, now: datetime) -> None:
    """Note that the person behind this session has just given the password again."""
    conn.execute(
        update(sessions).where(sessions.c.tenant == tenant, sessions.c.id == session).values(proved_at=now)
    )


def delete_session(conn: Connection, tenant: int, person: str, session: str) -> bool:
    done = conn.execute(
        delete(sessions).where(
            sessions.c.tenant == tenant, sessions.c.person == person, sessions.c.id == session
        )
    )
    return done.rowcount == 1


def delete_sessions(conn: Connection, tenant: int, person: str) -> None:
    conn.execute(delete(sessions).where(sessions.c.tenant == tenant, sessions.c.person == person))


def lock_person(conn: Connection, email: str) -> None:
    """Hold the person of this address until the transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    conn.execute(select(people.c.id).where(people.c.email_key == email.strip().lower()).with_for_update())


def insert_failure(conn: Connection, email: str, now: datetime) -> None:
    conn.execute(insert(failures).values(email_key=email.strip().lower(), at=now))


def count_failures(conn: Connection, email: str, since: datetime) -> int:
    query = select(func.count()).where(failures.c.email_key == email.strip().lower(), failures.c.at >= since)
    return int(conn.execute(query).scalar_one())


def forget_failures(conn: Connection, email: str) -> None:
    conn.execute(delete(failures).where(failures.c.email_key == email.strip().lower()))


def person_of(row: Any) -> Person:
    return Person(
        row.tenant,
        row.id,
        row.email,
        row.name,
        Role(row.role),
        row.locale,
        row.disabled,
        row.created_at,
        row.last_sign_in,
    )


def _session(row: Any) -> Session:
    return Session(
        row.id,
        row.tenant,
        row.person,
        row.created_at,
        row.last_seen,
        row.proved_at,
        row.agent,
        row.address,
    )
