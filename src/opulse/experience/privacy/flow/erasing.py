"""Forget people: everything of the wing that names them, by a job that goes on where it was interrupted.

The keys stand in the request until it is done, so a second try finds what the first one left. Each write unit adds what it erased
to the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory.flow import forgetting as directory
from opulse.experience.distributions.flow import forgetting as distributions
from opulse.experience.extensions.operational_pulse.flow import forgetting as pulses
from opulse.experience.privacy.models import ERASE, PEOPLE_MAX, Erasure, ErasureState, Found, PrivacyRefused
from opulse.experience.privacy.store import tables as store
from opulse.experience.responses.flow import forgetting as responses
from opulse.jobs import enqueue
from opulse.observe import faults
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text

STEP = 1_000


@dataclass(frozen=True, slots=True)
class _People:
    """Whom the keys name: contacts, and all their addresses and references in lower case."""

    ids: tuple[str, ...]
    keys: tuple[str, ...]


def read_keys(text: str) -> list[str]:
    """Addresses, external references or contact ids, one per line, each once.

    Raises:
        PrivacyRefused: none, or too many.
    """
    keys = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not 0 < len(keys) <= PEOPLE_MAX:
        raise PrivacyRefused(f"name 1 to {PEOPLE_MAX} addresses, external references or contact ids")
    return keys


async def look_for(ports: Ports, tenant: int, keys: Sequence[str]) -> Found:
    """What an erasure of these people would touch. Nothing is written."""
    people = await ports.db.read(_people_of, tenant, keys)
    invitations = await ports.db.read(distributions.find_invitations_of, tenant, people.ids, people.keys)
    reached = await ports.db.read(pulses.find_reach_of, tenant, people.ids, people.keys)
    answers = await ports.db.read(responses.find_answers_of, tenant, invitations)
    known = {*people.ids, *await ports.db.read(_known_keys, tenant, keys)}
    unknown = () if invitations or reached else tuple(key for key in keys if _lower(key) not in known)
    return Found(len(people.ids), len(invitations), len(answers), len(reached), unknown)


async def erase(ports: Ports, tenant: int, keys: Sequence[str], actor: str) -> Erasure:
    """Keep the request and announce it.

    Raises:
        PrivacyRefused: nobody is named, or too many.
    """
    keys = read_keys("\n".join(keys))
    now = ports.clock.now()
    made = Erasure(
        f"ER_{random_text(15)}", tuple(keys), ErasureState.RUNNING, len(keys), {}, actor, now, None
    )

    def unit(conn: Connection) -> None:
        store.insert_erasure(conn, tenant, made)
        enqueue(conn, tenant, ERASE, {"erasure": made.id}, unique=made.id, priority=6)
        audit_in(conn, tenant, actor, "erasure.requested", made.id, None, {"people": len(keys)}, now)

    await ports.db.write(unit)
    return made


async def carry_out(ports: Ports, tenant: int, erasure: str) -> None:
    """Answers first, for they are found by the invitations; the directory last, for it says who these people are."""
    one = await ports.db.read(store.find_erasure, tenant, erasure)
    if one is None or one.state is not ErasureState.RUNNING:
        return
    people = await ports.db.read(_people_of, tenant, one.keys)
    invitations = await ports.db.read(distributions.find_invitations_of, tenant, people.ids, people.keys)
    for some in chunked(invitations, STEP):
        answers = await ports.db.read(responses.find_answers_of, tenant, some)
        await ports.db.write(_answers_in, tenant, erasure, some, answers)
        faults.point("erasure.answers")
    for some in chunked(invitations, STEP):
        await ports.db.write(_invitations_in, tenant, erasure, some, ports.clock.now())
    reached = await ports.db.read(pulses.find_reach_of, tenant, people.ids, people.keys)
    for place, rows in enumerate(chunked(reached, STEP)):
        await ports.db.write(_reach_in, tenant, erasure, rows, f"{erasure} {place}")
    await ports.db.write(_directory_in, tenant, erasure, people, one.actor, ports.clock.now())


def _people_of(conn: Connection, tenant: int, keys: Sequence[str]) -> _People:
    found = directory.find_ids_of(conn, tenant, [*keys, *(_lower(key) for key in keys)])
    ids = tuple(one for one, _, _ in found)
    named = {_lower(key) for key in keys} | {key for _, email, ref in found for key in (email, ref) if key}
    return _People(ids, tuple(sorted(named)))


def _known_keys(conn: Connection, tenant: int, keys: Sequence[str]) -> list[str]:
    found = directory.find_ids_of(conn, tenant, [*keys, *(_lower(key) for key in keys)])
    return [_lower(key) for row in found for key in row if key]


def _lower(key: str) -> str:
    return key.strip().lower()


def _answers_in(
    conn: Connection, tenant: int, erasure: str, invitations: Sequence[str], answers: Sequence[str]
) -> None:
    done = {
        "answers whose texts were taken out": responses.forget_texts(conn, tenant, answers),
        "words about whose device it is": responses.forget_corrections(conn, tenant, invitations),
    }
    store.add_report(conn, tenant, erasure, done)


def _invitations_in(
    conn: Connection, tenant: int, erasure: str, invitations: Sequence[str], now: datetime
) -> None:
    done = distributions.forget_invitations(conn, tenant, invitations, now)
    store.add_report(conn, tenant, erasure, {"invitations": done})


def _reach_in(
    conn: Connection, tenant: int, erasure: str, rows: Sequence[tuple[str, str, str]], word: str
) -> None:
    store.add_report(
        conn, tenant, erasure, {"places in incidents": pulses.forget_reach(conn, tenant, rows, word)}
    )


def _directory_in(
    conn: Connection, tenant: int, erasure: str, people: _People, actor: str, now: datetime
) -> None:
    store.add_report(conn, tenant, erasure, directory.forget(conn, tenant, people.ids, people.keys))
    store.set_done(conn, tenant, erasure, now)
    done = store.find_erasure(conn, tenant, erasure)
    audit_in(conn, tenant, actor, "erasure.done", erasure, None, dict(done.report) if done else None, now)
