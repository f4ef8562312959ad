"""What the routes about surveys share: refusals of the translations, the body as an object, surveys that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from opulse.experience.api_v3.api.edge import V3Router, refuse
from opulse.experience.api_v3.api.edge.route import V3Route, answer
from opulse.experience.api_v3.rules.refusing import Refusal
from opulse.web.errors import Problem

Json = dict[str, Any]


class RefusingRoute(V3Route):
    """A route whose translations may say no."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except Refusal as refusal:
                return answer(request, refuse(refusal.status, refusal.sentence, refusal.code))

        return handle


def survey_router() -> V3Router:
    """A router of such routes."""
    router = V3Router()
    router.route_class = RefusingRoute
    return router


async def body_of(request: Request) -> Json:
    """The JSON object of the body, whatever its content type says; none is an empty one."""
    try:
        read = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise refuse(400, f"The body is no JSON: {error}.", "GP_0") from error
    if not isinstance(read, dict):
        raise refuse(400, "The body must be a JSON object.", "GP_0")
    return read


def no_survey() -> Problem:
    """404 of the summary namespace."""
    return refuse(404, "Survey not found.", "GSI_2")


def no_definition() -> Problem:
    """403 of the editing namespace: an unknown survey is forbidden there (qualtrics-api.md, part 3)."""
    return refuse(403, "The operation is forbidden.", "QMST_2.1")


def no_distribution() -> Problem:
    """404 of distributions."""
    return refuse(404, "Distribution not found.", "GED_3")
