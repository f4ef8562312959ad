"""The webhooks of the stand-in: the guide's body, sent to every address, again until it is taken; with faults of their own.

``duplicate`` sends one twice; ``reorder`` holds it back, so that a later one overtakes it; ``truncate`` cuts its body; ``500``
loses the receiver's answer, so that it is sent again; ``slow`` waits first. ``429`` and ``expire-token`` befall none.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final

import httpx2

from opulse.clock import Clock
from opulse.emulators.faults import Decision, Exchange, Fault, Faults, Recorder, decide_faults
from opulse.emulators.systrack.models import Activation, Options
from opulse.wire.signature import SIGNATURE_HEADER, sign_lakeside
from opulse.wire.webhook import CONTENT_TYPE, EVENT_ACTIVATED

ATTEMPTS: Final = 8
_PAUSE: Final = 0.5  # seconds before the second attempt; doubled each time
_ZERO: Final = "00000000-0000-0000-0000-000000000000"


class Webhooks:
    """Sends in the background; :meth:`settle` waits until everything was taken or given up."""

    def __init__(
        self,
        options: Options,
        addresses: Sequence[str],
        url: str,
        clock: Clock,
        recorder: Recorder,
        faults: Faults,
        seed: int,
    ) -> None:
        self._options = options
        self._addresses = tuple(addresses)
        self._url = url
        self._clock = clock
        self._recorder = recorder
        self._faults = faults
        self._seed = seed
        self._number = 0
        self._sending: set[asyncio.Task[None]] = set()
        self.given_up: list[str] = []
        """Addresses that took one not within all attempts."""

    def announce(self, one: Activation) -> None:
        """Tell every address of an activation."""
        self._send(self._body(one.id, one.sensors))

    def test(self) -> None:
        """What *Test Webhook* sends: the body with sample values and a zero id. SysTrack's carries no ``X-Test``."""
        self._send(self._body(_ZERO, ["Application Hang"]))

    def time_text(self) -> str:
        return f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%f}0Z"

    async def settle(self) -> None:
        while self._sending:
            await asyncio.gather(*self._sending)

    async def aclose(self) -> None:
        """Give up what is still to be sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _body(self, activation: str, sensors: Sequence[str]) -> bytes:
        systems = f"{self._url}/api/sensornotifications/activations/{activation}/systems"
        data = {
            "sensorNames": list(sensors),
            "systemsAtActivationURL": f"{systems}/atactivation",
            "systemsCurrentlyAffectedURL": f"{systems}/currentlyaffected",
        }
        event = {
            "eventId": activation,
            "eventTime": self.time_text(),
            "eventType": EVENT_ACTIVATED,
            "data": data,
        }
        return json.dumps(event, indent=4).encode()

    def _send(self, body: bytes) -> None:
        for address in self._addresses:
            task = asyncio.create_task(self._deliver(address, body))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, address: str, body: bytes) -> None:
        """At least once, the same bytes each time (systrack.md 4.8)."""
        headers = {"Content-Type": CONTENT_TYPE, **dict(self._options.headers)}
        if self._options.secret:
            headers[SIGNATURE_HEADER] = sign_lakeside(self._options.secret, body)
        async with httpx2.AsyncClient(timeout=15, trust_env=False) as client:
            for attempt in range(ATTEMPTS):
                self._number += 1
                decision = decide_faults(self._faults, self._seed, -self._number)
                if attempt:
                    await self._clock.sleep(_PAUSE * 2**attempt)
                if await self._attempt(client, address, headers, body, self._number, decision):
                    return
        self.given_up.append(address)

    async def _attempt(
        self,
        client: httpx2.AsyncClient,
        address: str,
        headers: dict[str, str],
        body: bytes,
        number: int,
        decision: Decision,
    ) -> bool:
        """One attempt with what goes wrong on its way; whether it counts as taken."""
        befell = decision.faults - {Fault.BUSY, Fault.EXPIRE_TOKEN}
        await self._clock.sleep(decision.pause + decision.hold)
        sent = body[: int(len(body) * decision.keep)] if Fault.TRUNCATE in befell else body
        began, status, answer = self._clock.now(), 0, ""
        for _ in range(2 if Fault.DUPLICATE in befell else 1):
            try:
                got = await client.post(address, content=sent, headers=headers)
                status, answer = got.status_code, got.text
            except httpx2.HTTPError as error:
                status, answer = 0, f"{type(error).__name__}: {error}"
        self._recorder.record(
            Exchange(
                number=number,
                at=began.isoformat(),
                direction="out",
                method="POST",
                path=address,
                query="",
                headers={name.lower(): value for name, value in headers.items()},
                body=sent.decode("utf-8", "replace"),
                status=status,
                answer=answer,
                faults=sorted(fault.value for fault in befell),
                seconds=round((self._clock.now() - began).total_seconds(), 3),
            )
        )
        return 200 <= status < 300 and Fault.BROKEN not in befell
