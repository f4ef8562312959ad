"""The HTTP surface: token URL, affected systems, users of a system, sensors, groups, and the operator's own commands."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opulse.emulators.systrack.cloud import Cloud, CloudRefused
from opulse.emulators.systrack.models import Activation, Shape
from opulse.emulators.systrack.webhooks import Webhooks
from opulse.wire.token_answer import b2c_token_body

TOKEN_PATH: Final = "/systrack.onmicrosoft.com/B2C_1_ROPC_AUTH/oauth2/v2.0/token"  # noqa: S105  (an address)
AFFECTED_PATH: Final = "/api/sensornotifications/activations"
_TOKEN_ADDRESS: Final = re.compile(r"/[^/]+/b2c_1_ropc_auth/oauth2/v2\.0/token", re.IGNORECASE)
_WHICH: Final = {"atactivation": False, "currentlyaffected": True}


def make_app(cloud: Cloud, webhooks: Webhooks, url: str) -> Starlette:
    """The application; ``url`` is how others reach it."""
    surface = _Surface(cloud, webhooks, url)
    return Starlette(
        routes=[
            Route("/oauth/token", surface.token, methods=["POST"]),
            Route(AFFECTED_PATH + "/{activation}/systems/{which}", surface.affected),
            Route("/api/systems/{system}/users", surface.users),
            Route("/api/sensors", surface.sensors),
            Route("/api/groups", surface.groups),
            Route("/_emulator/activations", surface.open_activation, methods=["POST"]),
            Route("/_emulator/activations", surface.list_activations),
            Route("/_emulator/activations/{activation}", surface.dismiss, methods=["DELETE"]),
            Route("/{path:path}", surface.other, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )


class _Surface:
    def __init__(self, cloud: Cloud, webhooks: Webhooks, url: str) -> None:
        self._cloud = cloud
        self._webhooks = webhooks
        self._url = url

    async def other(self, request: Request) -> Response:
        if request.method == "POST" and _TOKEN_ADDRESS.fullmatch(request.url.path):
            return await self.token(request)
        return _problem(404, "there is nothing at this address")

    async def token(self, request: Request) -> Response:
        """The resource-owner password form; the policy's name in either case."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        given = {name: values[0] for name, values in fields.items()}
        if given.get("grant_type") != "password":
            return _oauth("unsupported_grant_type", "AADB2C90083: the request is missing required parameters")
        options = self._cloud.options
        if given.get("client_id") != options.client_id:
            return _oauth("invalid_client", "AADB2C90007: the client id is not known")
        if (given.get("username"), given.get("password")) != (options.username, options.password):
            return _oauth("access_denied", "AADB2C90225: the username or password provided is invalid")
        return JSONResponse(b2c_token_body(self._cloud.new_token(), options.token_seconds))

    async def affected(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        one = self._cloud.activations.get(request.path_params["activation"])
        now = _WHICH.get(request.path_params["which"])
        if one is None or now is None:
            return _problem(404, "no such activation")
        try:
            top = min(int(request.query_params.get("$top", "1000")), self._cloud.options.page_size)
            skip = int(request.query_params.get("$skip", "0"))
        except ValueError:
            return _problem(400, "$top and $skip are whole numbers")
        if top < 1 or skip < 0:
            return _problem(400, "$top is at least 1 and $skip at least 0")
        rows, total = self._cloud.affected(one, now=now, skip=skip, top=top)
        link = f"{self._url}{request.url.path}?$top={top}&$skip={skip + top}" if skip + top < total else None
        return JSONResponse(self._page(one, rows, total, link))

    def _page(self, one: Activation, rows: list[dict[str, Any]], total: int, link: str | None) -> Any:
        match self._cloud.options.shape:
            case Shape.ARRAY:
                return rows
            case Shape.VALUE:
                return {"@odata.count": total, "value": rows} | ({"@odata.nextLink": link} if link else {})
            case Shape.ITEMS:
                return {"items": rows, "total": total, "next": link}
            case Shape.OBJECT:
                return {
                    "notificationActivationId": one.id,
                    "asOf": self._webhooks.time_text(),
                    "state": "dismissed" if one.dismissed_at else "active",
                    "totalCount": total,
                    "systems": rows,
                    "nextLink": link,
                }

    async def users(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self._cloud.users_of(request.path_params["system"])
        return _problem(404, "no such system") if found is None else JSONResponse(found)

    async def sensors(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(self._cloud.sensors())

    async def groups(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(self._cloud.groups())

    async def open_activation(self, request: Request) -> Response:
        """``{"sensors": [...], "affected": 12, "per_minute": 3, "most": 40}``: begins an incident and tells of it."""
        try:
            given = await request.json()
            one = self._cloud.open_activation(
                [str(name) for name in given["sensors"]],
                int(given["affected"]),
                per_minute=float(given.get("per_minute", 0)),
                most=int(given.get("most", 0)),
                first=int(given.get("first", 0)),
            )
        except (CloudRefused, ValueError, KeyError, TypeError, AttributeError) as error:
            return _problem(422, f"{type(error).__name__}: {error}")
        self._webhooks.announce(one)
        return JSONResponse(_told(one), 201)

    async def list_activations(self, request: Request) -> Response:
        return JSONResponse([_told(one) for one in self._cloud.activations.values()])

    async def dismiss(self, request: Request) -> Response:
        try:
            self._cloud.dismiss(request.path_params["activation"])
        except CloudRefused as error:
            return _problem(404, str(error))
        return Response(status_code=204)

    def _refused(self, request: Request) -> Response | None:
        headers = request.headers
        if self._cloud.may(headers.get("authorization", ""), headers.get("systrack-api-key", "")):
            return None
        return _problem(401, "the token or key is missing, wrong or over")


def _told(one: Activation) -> dict[str, Any]:
    return {
        "id": one.id,
        "sensors": one.sensors,
        "affected": one.affected,
        "most": one.most,
        "dismissed": one.dismissed_at is not None,
    }


def _problem(status: int, why: str) -> JSONResponse:
    return JSONResponse({"message": why}, status)


def _oauth(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, 400)
