"""The routes of an application with their guards, found by walking it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Mount

from opulse.web.access import Needs, Open
from opulse.web.components.manifest import STATIC_URL
from opulse.web.roles import Role

PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Route:
    """One method of one path. ``guards``: all that its dependants hold; there must be exactly one."""

    method: str
    path: str
    guards: tuple[Needs | Open, ...]
    queries: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(PARAMETER.findall(self.path))

    @property
    def roles(self) -> tuple[Role, ...]:
        """Who may call it; empty for an open route."""
        return tuple(role for guard in self.guards[:1] if isinstance(guard, Needs) for role in guard.roles)

    @property
    def is_open(self) -> bool:
        return any(isinstance(guard, Open) for guard in self.guards)

    @property
    def reads(self) -> bool:
        return self.method in READING

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(
            ("/api/", "/API/", "/scim/", "/oauth/", "/oauth2/", "/inbound-event/", "/{cloud}/")
        )


def walk(app: FastAPI) -> Iterator[Route]:
    """Every method of every route, and whatever else answers under a path."""
    for found in iter_route_contexts(app.routes):
        original = found.original_route
        if isinstance(original, APIRoute):
            guards = tuple(_guards(found.dependant))
            queries = tuple(sorted(_queries(found.dependant)))
            for method in sorted(found.methods or ()):
                yield Route(method, found.path or "", guards, queries)
        elif not _is_static(original):
            yield Route("ANY", getattr(original, "path", repr(original)), ())


def _is_static(route: BaseRoute) -> bool:
    """The built files: the same for everybody, public as the wheel that carries them."""
    return isinstance(route, Mount) and route.path == STATIC_URL


def _guards(dependant: Dependant) -> Iterator[Needs | Open]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, (Needs, Open)):
            yield inner.call
        yield from _guards(inner)


def _queries(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield parameter.alias
    for inner in dependant.dependencies:
        yield from _queries(inner)
