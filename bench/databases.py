"""A part of the benchmark on each database in scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bench.figures import Figure, Scope
from tests.servers.postgres import PostgresServer

Measure = Callable[[str, PostgresServer | None], Awaitable[list[Figure]]]
"""Given the dialect, and the server where it needs one."""


async def on_each(scope: Scope, measure: Measure, *, durable: bool) -> list[Figure]:
    """The figures of all; the first database gives the keys without its name. ``durable``: see :class:`PostgresServer`."""
    figures: list[Figure] = []
    for dialect in scope.dialects:
        with _serving(dialect, durable) as server:
            measured = await measure(dialect, server)
        suffix = "" if dialect == scope.dialects[0] else f"_{dialect}"
        figures += [
            replace(one, key=f"{one.key}{suffix}", what=f"{one.what} ({dialect})") for one in measured
        ]
    return figures


@contextmanager
def _serving(dialect: str, durable: bool) -> Iterator[PostgresServer | None]:
    server = PostgresServer(durable=durable) if dialect == "postgresql" else None
    try:
        yield server
    finally:
        if server is not None:
            server.stop()
