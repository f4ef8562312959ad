"""One incident on a served installation, from the crossing change to the last mail that the relay took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
from sqlalchemy import Connection, text

from bench.estate import Watched, batch_of, report
from bench.sampling import sampled
from opulse.cli.demo.calling import ApiClient
from opulse.db import Database

AT_ONCE = 2_000  # systems per batch: two changes each
PATIENCE_SECONDS = 60.0
PATIENCE_PER_PERSON = 0.005
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Pass:
    """What one incident took. Seconds count from the moment the crossing batch was sent."""

    people: int
    first_mail: float
    last_mail: float
    peak_mb: float
    activation: str


@dataclass(frozen=True)
class Served:
    """A running installation: its address, key, process, and a reader's view of its database."""

    url: str
    key: str
    pid: int
    db: Database


async def run(served: Served, watched: Watched, seq: int) -> Pass:
    """All of ``watched`` get into trouble; the last one's change crosses the threshold.

    Raises:
        RuntimeError: not everybody's mail was accepted in a long while, or the ledger does not sum.
    """
    people = len(watched.systems)
    headers = {"Authorization": f"Bearer {served.key}"}
    async with httpx2.AsyncClient(
        base_url=served.url, headers=headers, timeout=120, trust_env=False
    ) as client:
        await _report_all(client, watched, watched.systems[:-1], seq, triggered=True)
        async with sampled([served.pid]) as memory:
            begin = time.time()
            await report(client, batch_of(watched.sensors, seq, watched.systems[-1:]))
            activation, first, last = await _until_all_are_mailed(served.db, watched, people)
        await _check_ledger(served, activation, people)
        async with ApiClient(served.url, served.key) as api:
            await api.post(f"/api/v1/activations/{activation}/resolve")
        await _report_all(
            client, watched, watched.systems, seq + 1, triggered=False
        )  # below once: armed again
    await served.db.write(_let_a_quarter_of_an_hour_pass, activation)
    return Pass(people, first - begin, last - begin, memory.peak_mb, activation)


async def _report_all(
    client: httpx2.AsyncClient, watched: Watched, systems: Sequence[str], seq: int, *, triggered: bool
) -> None:
    for start in range(0, len(systems), AT_ONCE):
        part = systems[start : start + AT_ONCE]
        await report(client, batch_of(watched.sensors, seq, part, triggered=triggered))


async def _until_all_are_mailed(db: Database, watched: Watched, people: int) -> tuple[str, float, float]:
    """The activation, and when its first and its last mail were accepted (seconds since 1970).

    Mails are counted only while none waits: counting a million each time would take half a core from what is measured.
    """
    patience = PATIENCE_SECONDS + PATIENCE_PER_PERSON * people
    until, accepted = time.monotonic() + patience, 0
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        activation = await db.read(_newest, watched.notification)
        if activation is None or await db.read(_some_wait):
            continue
        accepted, first, last = await db.read(_accepted, activation)
        if accepted >= people:
            return activation, first / 1e6, last / 1e6
    raise RuntimeError(f"only {accepted} of {people} mails were accepted within {patience:.0f} s")


def _let_a_quarter_of_an_hour_pass(conn: Connection, activation: str) -> None:
    """Who was asked and has not answered is asked by nobody else so long; the next pass wants to ask the same people."""
    conn.execute(
        text("UPDATE invitations SET open_until = asked_at WHERE tenant = 1 AND activation = :one"),
        {"one": activation},
    )


def _newest(conn: Connection, notification: str) -> str | None:
    found = conn.execute(
        text("SELECT id FROM activations WHERE notification = :one AND state = 'active'"),
        {"one": notification},
    ).scalar()
    return None if found is None else str(found)


def _some_wait(conn: Connection) -> bool:
    """Whether a mail is to be sent or on its way: two looks at small indexes."""
    due = "EXISTS (SELECT 1 FROM invitations WHERE next_try_at IS NOT NULL)"
    claimed = "EXISTS (SELECT 1 FROM invitations WHERE lease_until IS NOT NULL)"
    return bool(conn.execute(text(f"SELECT {due} OR {claimed}")).scalar())


def _accepted(conn: Connection, activation: str) -> tuple[int, int, int]:
    row = conn.execute(
        text(
            "SELECT count(*), min(sent_at), max(sent_at) FROM invitations"
            " WHERE tenant = 1 AND activation = :one AND state = 'accepted'"
        ),
        {"one": activation},
    ).one()
    return int(row[0]), int(row[1] or 0), int(row[2] or 0)


async def _check_ledger(served: Served, activation: str, people: int) -> None:
    """Speed without the answer being right is worth nothing."""
    async with ApiClient(served.url, served.key) as api:
        states = (await api.get(f"/api/v1/activations/{activation}/ledger"))["states"]
    if sum(states.values()) != people or states.get("accepted") != people:
        raise RuntimeError(f"the ledger of {people} systems says {states}")
