"""Routes that a whole blast opens at once: nothing stands between the request and its handler."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute

from opulse.web.access import Open

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OpenRoute(APIRoute):
    """A route behind an :class:`Open` guard whose handler takes the request and nothing else.

    There is nothing to resolve and nobody to check, so FastAPI's resolving is left out: it takes longer than the answer.

    Raises:
        TypeError: the route needs what would be left out: parameters, a body, or a guard that is not ``Open``.
    """

    def get_route_handler(self) -> Handler:
        needs = self.dependant
        guards = [inner.call for inner in needs.dependencies]
        if not guards or not all(isinstance(guard, Open) for guard in guards) or _takes(needs):
            raise TypeError(
                f"{self.path}: an open route takes the request, and an Open guard stands before it"
            )
        handler: Handler = self.endpoint
        return handler


def _takes(needs: Dependant) -> bool:
    """Whether the handler wants anything beside the request."""
    parameters = (needs.query_params, needs.header_params, needs.cookie_params, needs.body_params)
    return any(parameters) or needs.request_param_name is None
