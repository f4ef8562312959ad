"""The stand-in as ``opulse emulate`` serves it: sign-in, the routes, and what is shown of its inside."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from opulse.emulators.product import Bench
from opulse.emulators.qualtrics.brand import Brand
from opulse.emulators.qualtrics.callbacks import Callbacks
from opulse.emulators.qualtrics.directory_routes import DirectoryRoutes
from opulse.emulators.qualtrics.distribution_routes import DistributionRoutes
from opulse.emulators.qualtrics.envelope import error_body, reply, success
from opulse.emulators.qualtrics.events import JsonEvents
from opulse.emulators.qualtrics.fieldwork import Answering, Field
from opulse.emulators.qualtrics.fieldwork.surveys import pulse_survey, survey_of_file
from opulse.emulators.qualtrics.models import Criteria, Refused
from opulse.emulators.qualtrics.survey_routes import SurveyRoutes

_SLASHES: Final = re.compile("/{2,}")
_LIVES: Final = 0.5
"""Seconds between two looks at what is due."""


@dataclass(frozen=True)
class Options:
    """What a brand is made with. ``survey``: a survey file (QSF); empty: the stand-in's own pulse."""

    criteria: Criteria = field(default_factory=Criteria)
    survey: bytes = b""
    answering: Answering = field(default_factory=Answering)
    event_needs_token: bool = False


class QualtricsStandIn:
    """A brand and its HTTP surface, at the bench's address."""

    def __init__(self, bench: Bench, options: Options = Options()) -> None:
        self.url, clock = bench.url, bench.clock
        self.brand = Brand(clock, bench.seed, options.criteria)
        self.field = Field(self.brand, clock, bench.seed, options.answering)
        survey_id, now = self.field.make_id("SV_"), clock.now()
        self.survey = (
            survey_of_file(options.survey, survey_id, now) if options.survey else pulse_survey(survey_id, now)
        )
        self.field.add_survey(self.survey)
        self.callbacks = Callbacks(self.field, clock, bench.recorder, bench.faults, bench.seed)
        self.events = JsonEvents(
            self.url, bench.seed, self.brand.api_token if options.event_needs_token else ""
        )
        routes = [
            Route("/oauth2/token", self._give_token, methods=["POST"]),
            Route("/API/v3/whoami", self._who_am_i),
            *DirectoryRoutes(self.brand, self.url).routes(),
            *SurveyRoutes(self.field, clock, self.url).routes(),
            *DistributionRoutes(self.field, clock, self.url).routes(),
            *self.callbacks.routes(),
            *self.events.routes(),
            Route("/_emulator/state", self._show_state),
        ]
        handlers: dict[Any, Any] = {Refused: _refuse, 404: self._no_such_call, 405: self._no_such_call}
        inner = Starlette(routes=routes, exception_handlers=handlers)
        inner.router.redirect_slashes = False
        self.app: ASGIApp = _Door(inner, self.brand)

    def refusal(self, status: int, why: str) -> bytes:
        """The envelope of an error that the faults put in."""
        return error_body(status, why)

    def greeting(self) -> list[str]:
        """What to type into the account and the task of the other side."""
        brand = self.brand
        return [
            f"Address (in place of the data centre): {self.url}",
            f"API token: {brand.api_token}",
            f"OAuth client: {brand.client_id} / {brand.client_secret}",
            f"Directory ID: {brand.directory}",
            f"List ID: {brand.first_list}",
            f"Survey ID: {self.survey.id} ({self.survey.name})",
            f"JSON event: {self.events.address}",
            f"What it holds: {self.url}/_emulator/state, what the event got: {self.url}/_emulator/events",
            f"What was asked of it: {self.url}/_emulator/log",
        ]

    async def live(self) -> None:
        """Mails leave, people answer and subscribers are told, until it is cancelled."""
        try:
            while True:
                self.field.advance()
                await asyncio.sleep(_LIVES)
        finally:
            await self.callbacks.aclose()

    async def _give_token(self, request: Request) -> Response:
        """RFC 6749 4.4: client credentials, by Basic or in the form."""
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        client, secret = _basic(request.headers.get("authorization", ""))
        if (client or given.get("client_id"), secret or given.get("client_secret")) != (
            self.brand.client_id,
            self.brand.client_secret,
        ):
            return reply({"error": "invalid_client", "error_description": "unknown client"}, 401)
        if given.get("grant_type") != "client_credentials":
            return reply({"error": "unsupported_grant_type", "error_description": "client_credentials"}, 400)
        token, scope = self.brand.issue_bearer(), given.get("scope", "")
        return reply({"access_token": token, "token_type": "Bearer", "expires_in": 3599, "scope": scope})

    async def _who_am_i(self, _: Request) -> Response:
        result = {
            "brandId": "emulated",
            "userId": self.brand.user,
            "userName": "bridge@emulated",
            "accountType": "UT_BRANDADMIN",
            "firstName": "Bridge",
            "lastName": "User",
            "email": "bridge@example.org",
            "datacenter": "emu1",
        }
        return success(result)

    async def _show_state(self, _: Request) -> Response:
        """For whoever rehearses: how many contacts, on which lists, with which alarm, and how many stand there twice."""
        self.brand.finish_imports()
        self.field.advance()
        contacts = list(self.brand.contacts.values())
        addresses = Counter(one.email.lower() for one in contacts if one.email)
        state = {
            "contacts": len(contacts),
            "addresses that stand there twice": sum(count - 1 for count in addresses.values()),
            "lists": {one.name: len(one.members) for one in self.brand.lists.values()},
            "lastAlarm": Counter(one.embedded.get("lastAlarm", "") for one in contacts),
            "imports": len(self.brand.imports),
            "distributions": Counter(one.status for one in self.field.distributions.values()),
            "asked": Counter(asked.state for one in self.field.distributions.values() for asked in one.asked),
            "responses": len(self.field.by_id),
            "events": len(self.events.received),
        }
        return JSONResponse(state)

    async def _no_such_call(self, request: Request, _: Exception) -> Response:
        message = f"API call does not exist: {request.method} {request.url.path}"
        return Response(error_body(404, message), 404, headers={"content-type": "application/json"})


class _Door:
    """Takes doubled and trailing slashes as one and none, and lets nobody through without a token."""

    def __init__(self, inner: ASGIApp, brand: Brand) -> None:
        self._inner = inner
        self._brand = brand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        scope = {**scope, "path": path, "raw_path": path.encode()}
        if path.startswith("/API/") and not self._is_known(Request(scope)):
            refused = error_body(401, "Unrecognized X-API-TOKEN or bearer token.", "AUTH_3")
            await Response(refused, 401, headers={"content-type": "application/json"})(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    def _is_known(self, request: Request) -> bool:
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._brand.is_bearer(bearer)
        return request.headers.get("x-api-token", "") == self._brand.api_token


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    body = error_body(error.status, str(error), error.code)
    return Response(body, error.status, headers={"content-type": "application/json"})


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret
