"""One call, with what came back as far as the matrix looks at it, and what a tenant's rows look like."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from opulse.db import metadata
from tests.edges.matrix.bodies import request_of
from tests.edges.matrix.routes import Route
from tests.edges.matrix.world import Caller

UNSIGNED_IN = (401,)
HIDDEN = (403, 404)
ENOUGH = 2_000_000  # characters of an answer
WORK = frozenset(
    {
        "jobs",
        "evaluator_snapshots",
        "sensor_held",
        "sensor_hours",
        "sensor_samples",
        "system_last_reports",
    }
)  # of the process itself, in its own time: some of it every five minutes
TOUCHED = frozenset(
    {"last_used", "last_seen", "last_sign_in", "look_at"}
)  # by the mere use of a credential; by the clock


@dataclass(frozen=True)
class Answer:
    """``text`` of an event stream is its beginning."""

    status: int
    text: str
    location: str = ""

    @property
    def asks_to_sign_in(self) -> bool:
        return self.status in UNSIGNED_IN or (self.status == 303 and self.location.startswith("/sign-in"))


async def call(caller: Caller, route: Route, address: str, headers: dict[str, str] | None = None) -> Answer:
    """Call ``route`` at ``address`` with a body that fits."""
    request = caller.client.stream(route.method, address, headers=headers, **request_of(route))
    async with request as answer:
        text = ""
        async for part in answer.aiter_text():
            text += part
            if "event-stream" in answer.headers.get("content-type", "") or len(text) > ENOUGH:
                break
    return Answer(answer.status_code, text, answer.headers.get("location", ""))


def fingerprint(conn: Connection, tenant: int) -> dict[str, str]:
    """Table → digest of the rows of ``tenant`` in it; the same as long as nothing of it changed."""
    return {
        name: f"{len(rows)} {hashlib.sha256(''.join(rows).encode()).hexdigest()}"
        for name, rows in rows_of(conn, tenant)
    }


def mentions(conn: Connection, tenant: int, words: Collection[str]) -> list[str]:
    """Rows of ``tenant`` in which one of ``words`` stands."""
    return [
        f"{name} {row}"
        for name, rows in rows_of(conn, tenant)
        for row in rows
        if any(word in row for word in words)
    ]


def rows_of(conn: Connection, tenant: int) -> Iterator[tuple[str, list[str]]]:
    """Table → its rows of ``tenant`` as texts."""
    for table in metadata.sorted_tables:
        owner = table.c.get("tenant", table.c.get("id") if table.name == "tenants" else None)
        if owner is None or table.name in WORK:
            continue
        columns = [column for column in table.c if column.name not in TOUCHED]
        found = conn.execute(select(*columns).where(owner == tenant))
        yield table.name, sorted(str(tuple(row)) for row in found)
