"""Routers into one."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute


def join(router: APIRouter, part: APIRouter) -> None:
    """Give ``router`` the routes of ``part``, after those that it has. Neither may have dependencies of its own.

    FastAPI's ``include_router`` keeps a router in a router: every route is analysed a second time at each start, and looked for
    one level deeper at each request.
    """
    for route in part.routes:
        if isinstance(route, APIRoute):
            route.include_in_schema = route.include_in_schema and router.include_in_schema
        router.routes.append(route)
