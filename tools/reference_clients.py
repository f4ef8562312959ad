"""The page of public clients: their tables, and the routes that none of them asks for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from tests.clients.table import BASE, Client, Method, clients, same_route


def offered(app: FastAPI) -> list[str]:
    """Verb and path below ``/API/v3`` of every route that is served there."""
    return sorted(
        f"{verb} {(found.path or '').removeprefix(BASE).rstrip('/')}"
        for found in iter_route_contexts(app.routes)
        if isinstance(found.original_route, APIRoute) and (found.path or "").startswith(f"{BASE}/")
        for verb in found.methods or ()
        if ":path}" not in (found.path or "")  # the answer to an unknown route
    )


@cache
def served() -> frozenset[str]:
    """The same without the names of slots."""
    from tools.make_reference import application

    return frozenset(same_route(route) for route in offered(application()))


def untouched(app: FastAPI) -> Iterator[tuple[str]]:
    """Routes that no client's method leads to."""
    asked = {same_route(route) for one in clients() for method in one.mapped for route in method.sends}
    return ((f"`{route}`",) for route in offered(app) if same_route(route) not in asked)


def tally() -> Iterator[tuple[str, ...]]:
    """Client, version, where it is from, methods, mapped, working, left out."""
    for one in clients():
        working = sum(not method.fails for method in one.mapped)
        counts = (len(one.methods), len(one.mapped), working, len(one.methods) - len(one.mapped))
        yield (f"`{one.name}`", one.version, one.registry, *map(str, counts))


def rows(client: Client) -> Iterator[tuple[str, str, str]]:
    """Method, what it sends, how it stands."""
    for method in client.methods:
        yield (
            f"`{method.name}`",
            "<br>".join(f"`{route}`" for route in method.sends) or "nothing",
            _stand(method),
        )


def _stand(method: Method) -> str:
    if method.left_out:
        return f"not called: {method.left_out}."
    if method.fails:
        return f"does not work yet: {method.fails}."
    return "works"
