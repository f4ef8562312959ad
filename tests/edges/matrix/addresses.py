"""Addresses of routes with ids of Acme in them: of objects that are kept, or made for the one call.

``PUBLIC``: words in paths that are the same for every tenant, so that there is nothing to protect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from tests.edges.matrix.objects import MAKERS, Found, Maker
from tests.edges.matrix.routes import PARAMETER, Route
from tests.edges.matrix.world import World

PUBLIC: Mapping[str, str] = {
    "/extensions/{name}": "operational_pulse",
    "/systems/{which}": "atactivation",
    "/mail/{switch}": "pause",
    "/{cloud}": "opulse",
    "/ResourceTypes/{name}": "User",
    "/Schemas/{urn}": "urn:ietf:params:scim:schemas:core:2.0:User",
    "/versions/{number}": "1",
    "/{policy}": "B2C_1_ROPC_AUTH",
    "/API/v3/{rest}": "nothing",
}


class NoMaker(LookupError):
    """A path parameter that the matrix does not know; the message says what to add."""


class Addresses:
    """Addresses of routes with ids of Acme. Each object is made once, so nothing may be done to it that ends it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[tuple[str, tuple[str, ...]], str] = {}

    async def of(self, route: Route) -> str:
        """Raises: NoMaker."""
        return await _resolve(self._world, route, self._keep)

    async def of_queries(self, route: Route) -> dict[str, str]:
        """Parameters of the route's query that are called like an object, with an id of Acme."""
        found = {}
        for query in route.queries:
            maker = MAKERS.get(f"{{{query}}}") or MAKERS.get(f"{{{query}_id}}")
            if maker is not None:
                found[query] = await self._keep(query, maker, {})
        return found

    async def _keep(self, end: str, maker: Maker, found: Found) -> str:
        under = (maker.__name__, tuple(found.values()))
        if under not in self._made:
            self._made[under] = await maker(self._world, found)
        return self._made[under]


async def fresh_address(world: World, route: Route) -> str:
    """The address of the route with ids of objects that were made for it.

    Raises:
        NoMaker: nobody makes such an object here yet.
    """
    return await _resolve(world, route, lambda end, maker, found: maker(world, found))


async def _resolve(world: World, route: Route, take: Callable[[str, Maker, Found], Awaitable[str]]) -> str:
    found: dict[str, str] = {}
    path = route.path
    for match in PARAMETER.finditer(route.path):
        end = _plain(route.path[: match.end()])
        found[match.group(1)] = word = _word(end) or await take(
            end, _maker(route, end, match.group(1)), found
        )
        path = path.replace(match.group(), quote(word, safe=""), 1)
    return path


def names_something(route: Route) -> bool:
    """Whether an id of the tenant stands in the path."""
    ends = (_plain(route.path[: match.end()]) for match in PARAMETER.finditer(route.path))
    return any(not _word(end) for end in ends)


def _plain(path: str) -> str:
    return PARAMETER.sub(lambda match: f"{{{match.group(1)}}}", path)


def _word(end: str) -> str:
    return next((word for known, word in PUBLIC.items() if end.endswith(known)), "")


def _maker(route: Route, end: str, name: str) -> Maker:
    fitting = [known for known in MAKERS if end.endswith(known)]
    if not fitting:
        raise NoMaker(
            f"{route.name}: no object for {{{name}}}. Add to MAKERS in tests/edges/matrix/objects.py who makes one in Acme"
        )
    return MAKERS[max(fitting, key=len)]
