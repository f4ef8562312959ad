"""A workflow's JSON event: the address that a webhook calls. What came is kept in order, each call by itself."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opulse.emulators.qualtrics.envelope import success
from opulse.emulators.qualtrics.models import Refused

MOST_BYTES: Final = 100_000


class JsonEvents:
    """One event. ``token``: what ``X-API-TOKEN`` must carry; empty: the secret is the address alone."""

    def __init__(self, url: str, seed: int, token: str) -> None:
        self._id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"event/{seed}"))
        self._token = token
        self.address = f"{url}/inbound-event/v1/events/json/triggers?urlTokenId={self._id}"
        self.received: list[Any] = []
        """Bodies that were taken, decoded, repeats too."""

    def routes(self) -> list[Route]:
        path = "/inbound-event/v1/events/{kind}/triggers"
        return [Route(path, self.trigger, methods=["POST"]), Route("/_emulator/events", self.show)]

    async def trigger(self, request: Request) -> Response:
        """Take any JSON of at most 100 KB, whatever its content type says."""
        if request.path_params["kind"].lower() != "json":
            raise Refused(404, "No such event.")
        if request.query_params.get("urlTokenId") != self._id:
            raise Refused(404, "No workflow listens to this urlTokenId.")
        if self._token and request.headers.get("x-api-token", "") != self._token:
            raise Refused(401, "This event wants the header X-API-TOKEN.", "AUTH_3")
        raw = await request.body()
        if len(raw) > MOST_BYTES:
            raise Refused(413, "The payload may have at most 100 KB.")
        try:
            self.received.append(msgspec.json.decode(raw))
        except msgspec.DecodeError:
            raise Refused(400, "The payload is not JSON.", "BR_0") from None
        return success({})

    async def show(self, _: Request) -> Response:
        return JSONResponse(self.received)
