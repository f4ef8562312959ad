"""Event subscriptions: who wants to be told of responses, and telling them as a form, with an HMAC where a key was shared.

A callback is sent again until it is taken, up to :data:`ATTEMPTS` times. ``duplicate`` sends it twice, ``reorder`` and ``slow``
hold it back, ``500`` loses the receiver's answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opulse.clock import Clock
from opulse.emulators.faults import Decision, Exchange, Fault, Faults, Recorder, decide_faults
from opulse.emulators.qualtrics.checks import checked_object
from opulse.emulators.qualtrics.directory_routes import body_of
from opulse.emulators.qualtrics.envelope import success
from opulse.emulators.qualtrics.fieldwork import Field
from opulse.emulators.qualtrics.fieldwork import Response as Recorded
from opulse.emulators.qualtrics.models import Refused

ATTEMPTS: Final = 6
BRAND: Final = "emulated"
_PAUSE: Final = 0.5  # seconds before the second attempt; doubled each time
_COMPLETED: Final = "surveyengine.completedResponse."
_BEGINNINGS: Final = (_COMPLETED, "surveyengine.partialResponse.", "controlpanel.", "threesixty.")
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass
class Subscription:
    """One wish to be told. ``key``: shared with the receiver; empty: none."""

    id: str
    topic: str
    url: str
    key: str
    taken: int = 0


class Callbacks:
    """Subscriptions, their routes and their sending in the background."""

    def __init__(self, field: Field, clock: Clock, recorder: Recorder, faults: Faults, seed: int) -> None:
        self._field = field
        self._clock = clock
        self._recorder = recorder
        self._faults = faults
        self._seed = seed
        self._number = 0
        self._sending: set[asyncio.Task[None]] = set()
        self.subscriptions: dict[str, Subscription] = {}
        field.told.append(self.tell)

    def routes(self) -> list[Route]:
        every = "/API/v3/eventsubscriptions"
        return [
            Route(every, self.list_subscriptions),
            Route(every, self.create_subscription, methods=["POST"]),
            Route(f"{every}/{{subscription}}", self.get_subscription),
            Route(f"{every}/{{subscription}}", self.delete_subscription, methods=["DELETE"]),
        ]

    async def list_subscriptions(self, _: Request) -> Response:
        return success({"elements": [_row(one) for one in self.subscriptions.values()], "nextPage": None})

    async def create_subscription(self, request: Request) -> Response:
        """One more; a repeat is a second one, and its address is told twice."""
        allowed = frozenset({"topics", "publicationUrl", "encrypt", "sharedKey"})
        body = checked_object(await body_of(request), allowed, frozenset({"topics", "publicationUrl"}))
        topic, url = str(body["topics"]), str(body["publicationUrl"])
        if topic != "*" and not topic.startswith(_BEGINNINGS):
            raise Refused(400, f"Invalid topic {topic!r}.", "ES_1")
        if not url.startswith(("http://", "https://")):
            raise Refused(400, "publicationUrl must be an address.", "ES_2")
        if body.get("encrypt"):
            raise Refused(400, "This stand-in does not encrypt; leave encrypt false.", "ES_3")
        made = Subscription(self._field.make_id("SUB_"), topic, url, str(body.get("sharedKey") or ""))
        self.subscriptions[made.id] = made
        return success({"id": made.id})

    async def get_subscription(self, request: Request) -> Response:
        return success(_row(self._of(request)))

    async def delete_subscription(self, request: Request) -> Response:
        del self.subscriptions[self._of(request).id]
        return success()

    def tell(self, one: Recorded) -> None:
        """Send word of a response to whoever subscribed to it."""
        topic = f"{_COMPLETED}{one.survey}"
        for wish in self.subscriptions.values():
            if wish.topic == topic or (wish.topic.endswith("*") and topic.startswith(wish.topic[:-1])):
                task = asyncio.create_task(self._deliver(wish, _form(wish.key, topic, one)))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def settle(self) -> None:
        """Until everything was taken or given up."""
        while self._sending:
            await asyncio.gather(*self._sending)

    async def aclose(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _of(self, request: Request) -> Subscription:
        wanted = request.path_params["subscription"]
        if wanted not in self.subscriptions:
            raise Refused(404, f"{wanted} not found", "ESSG_2")
        return self.subscriptions[wanted]

    async def _deliver(self, wish: Subscription, body: bytes) -> None:
        async with httpx2.AsyncClient(timeout=15, trust_env=False) as client:
            for attempt in range(ATTEMPTS):
                self._number += 1
                if attempt:
                    await self._clock.sleep(_PAUSE * 2**attempt)
                decision = decide_faults(self._faults, self._seed, -self._number)
                if await self._attempt(client, wish.url, body, self._number, decision):
                    wish.taken += 1
                    return

    async def _attempt(
        self, client: httpx2.AsyncClient, url: str, body: bytes, number: int, decision: Decision
    ) -> bool:
        befell = decision.faults & {Fault.SLOW, Fault.REORDER, Fault.DUPLICATE, Fault.BROKEN}
        await self._clock.sleep(decision.pause + decision.hold)
        began, status, answer = self._clock.now(), 0, ""
        for _ in range(2 if Fault.DUPLICATE in befell else 1):
            try:
                got = await client.post(url, content=body, headers={"content-type": _FORM})
                status, answer = got.status_code, got.text
            except httpx2.HTTPError as error:
                status, answer = 0, f"{type(error).__name__}: {error}"
        self._recorder.record(
            Exchange(
                number=number,
                at=began.isoformat(),
                direction="out",
                method="POST",
                path=url,
                query="",
                headers={"content-type": _FORM},
                body=body.decode("ascii", "replace"),
                status=status,
                answer=answer,
                faults=sorted(fault.value for fault in befell),
                seconds=round((self._clock.now() - began).total_seconds(), 3),
            )
        )
        return 200 <= status < 300 and Fault.BROKEN not in befell


def signature(key: str, message: bytes) -> str:
    """``HMAC`` of the signed form: SHA-512 in hex."""
    return hmac.new(key.encode(), message, hashlib.sha512).hexdigest()


def _form(key: str, topic: str, one: Recorded) -> bytes:
    told = {
        "Status": "Complete",
        "SurveyID": one.survey,
        "ResponseID": one.id,
        "CompletedDate": f"{one.recorded_at:%Y-%m-%d %H:%M:%S}",
        "BrandID": BRAND,
    }
    named = f"{BRAND}.{topic}"
    if not key:
        return urlencode({"Topic": named} | told).encode()
    message = msgspec.json.encode(told)
    return urlencode({"HMAC": signature(key, message), "MSG": message.decode(), "Topic": named}).encode()


def _row(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "scope": BRAND,
        "topics": one.topic,
        "publicationUrl": one.url,
        "encrypted": False,
        "successfulCalls": one.taken,
    }
