"""Sign in and out, add people, list and revoke sessions."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import uuid4

from pwdlib import PasswordHash
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.ports import Ports
from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.flow.digests import digest
from opulse.tenancy.models import (
    FAILURE_WINDOW,
    FAILURES_ALLOWED,
    PASSWORD_LENGTH,
    SESSION_IDLE,
    SESSION_LIFE,
    SIGNED_IN_AGAIN,
    Person,
    Session,
    SignInRefusal,
)
from opulse.tenancy.store import people as store
from opulse.web.roles import Role


class SignInRefused(Exception):
    """Nobody was signed in; ``reason`` says why in a word of :class:`SignInRefusal`."""

    def __init__(self, reason: SignInRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class SignedIn:
    """The cookie's value and whose it is."""

    cookie: str
    person: Person


async def add_person(
    ports: Ports,
    tenant: int,
    email: str,
    name: str,
    role: Role,
    password: str,
    actor: str,
    locale: str = "en",
) -> Person:
    """Let somebody sign in.

    Raises:
        ValueError: the password is too short, the role is a machine's, or the address is taken.
    """
    if len(password) < PASSWORD_LENGTH:
        raise ValueError(f"a password has at least {PASSWORD_LENGTH} characters")
    if role not in (Role.ADMIN, Role.EDITOR, Role.VIEWER):
        raise ValueError("a person is admin, editor or viewer")
    if "@" not in email:
        raise ValueError("an e-mail address is needed to sign in")
    hashed = await asyncio.to_thread(_hasher().hash, password)
    now = ports.clock.now()
    person = Person(tenant, str(uuid4()), email.strip(), name.strip(), role, locale, False, now, None)

    def unit(conn: Connection) -> None:
        store.insert_person(conn, person, hashed)
        audit_in(conn, tenant, actor, "person.added", email, None, {"role": role.value, "name": name}, now)

    try:
        await ports.db.write(unit)
    except IntegrityError as error:
        raise ValueError(f"{email} signs in here already") from error
    return person


async def sign_in(ports: Ports, email: str, password: str, agent: str, address: str) -> SignedIn:
    """A session for the person with this address and password.

    A try counts as a failure in the table before the password is looked at, and is taken back when it was right: guessing costs
    the guesser and not our CPU, and a hundred guesses at once are a hundred tries.

    Raises:
        SignInRefused: with its reason.
    """
    now = ports.clock.now()
    if not await ports.db.write(begin_try_in, email, now):
        raise SignInRefused(SignInRefusal.TOO_MANY)
    found = await ports.db.read(store.find_person_by_email, email)
    stored = found[1] if found else ""
    if not await _is_password(password, stored) or found is None:
        raise SignInRefused(SignInRefusal.WRONG)
    person = found[0]
    if person.disabled:
        raise SignInRefused(SignInRefusal.DISABLED)
    return await _open_session(ports, person, agent, address, now)


def begin_try_in(conn: Connection, email: str, now: datetime) -> bool:
    """Count one more try with this address; False when there were too many of late. Forgotten by ``forget_failures``."""
    store.lock_person(conn, email)
    if store.count_failures(conn, email, now - FAILURE_WINDOW) >= FAILURES_ALLOWED:
        return False
    store.insert_failure(conn, email, now)
    return True


async def prove_again(ports: Ports, tenant: int, person: str, session: str, password: str) -> bool:
    """Ask for the password once more before a secret is shown. True when it was right."""
    stored = await ports.db.read(store.find_password, tenant, person)
    if not await _is_password(password, stored):
        return False
    await ports.db.write(store.prove_session, tenant, session, ports.clock.now())
    return True


async def is_freshly_proved(ports: Ports, cookie: str) -> bool:
    """Whether the session's password was given within the last minutes."""
    found = await ports.db.read(store.find_session, digest(ports.digest_key, cookie))
    return found is not None and ports.clock.now() - found[0].proved_at <= SIGNED_IN_AGAIN


async def find_session(ports: Ports, cookie: str) -> tuple[Session, Person] | None:
    """The living session behind a cookie; it is kept alive at most once a minute, so that reads stay reads."""
    now = ports.clock.now()
    found = await ports.db.read(store.find_session, digest(ports.digest_key, cookie))
    if found is None:
        return None
    session, person = found
    if person.disabled or now - session.last_seen > SESSION_IDLE or now - session.created_at > SESSION_LIFE:
        return None
    if (now - session.last_seen).total_seconds() > 60:
        await ports.db.write(store.touch_session, session.tenant, session.id, now)
    return session, person


async def change_password(ports: Ports, tenant: int, person: str, password: str, actor: str) -> None:
    """Set a new password and end every session of the person.

    Raises:
        ValueError: it is too short.
    """
    if len(password) < PASSWORD_LENGTH:
        raise ValueError(f"a password has at least {PASSWORD_LENGTH} characters")
    hashed = await asyncio.to_thread(_hasher().hash, password)
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        store.update_person(conn, tenant, person, password=hashed)
        store.delete_sessions(conn, tenant, person)
        change = {"password": "the old one"}, {"password": "a new one"}
        audit_in(conn, tenant, actor, "person.password_changed", person, *change, now)

    await ports.db.write(unit)


async def change_person(
    ports: Ports, tenant: int, person: str, role: Role, disabled: bool, actor: str
) -> None:
    """Change what somebody may do; sessions of a disabled person end at once."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        before = store.find_person(conn, tenant, person)
        if before is None:
            raise LookupError(person)
        store.update_person(conn, tenant, person, role=role.value, disabled=disabled)
        if disabled:
            store.delete_sessions(conn, tenant, person)
        was = {"role": before.role.value, "disabled": before.disabled}
        is_ = {"role": role.value, "disabled": disabled}
        audit_in(conn, tenant, actor, "person.changed", before.email, was, is_, now)

    await ports.db.write(unit)


def make_password() -> str:
    """A password for a person, easy to read out: four groups of five characters."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


async def _open_session(ports: Ports, person: Person, agent: str, address: str, now: datetime) -> SignedIn:
    cookie = secrets.token_urlsafe(32)
    session = Session(str(uuid4()), person.tenant, person.id, now, now, now, agent, address)

    def unit(conn: Connection) -> None:
        store.insert_session(conn, session, digest(ports.digest_key, cookie))
        store.update_person(conn, person.tenant, person.id, last_sign_in=now)
        store.forget_failures(conn, person.email)

    await ports.db.write(unit)
    return SignedIn(cookie, person)


async def _is_password(password: str, stored: str) -> bool:
    """Whether it fits. An unknown name costs the same time as a known one."""
    return await asyncio.to_thread(_hasher().verify, password, stored or _decoy()) and bool(stored)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher().hash(secrets.token_hex(16))
