"""SysTrack Cloud as a product of ``opulse emulate``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.applications import Starlette

from opulse.emulators.product import Bench
from opulse.emulators.systrack.app import TOKEN_PATH, make_app
from opulse.emulators.systrack.cloud import Cloud
from opulse.emulators.systrack.models import Options
from opulse.emulators.systrack.webhooks import Webhooks


@dataclass(frozen=True)
class Incident:
    """An activation that begins by itself when the stand-in starts."""

    sensors: tuple[str, ...]
    affected: int
    per_minute: float = 0.0
    most: int = 0


class SysTrackCloud:
    """The stand-in. Webhooks go to ``send_to``; ``incident`` begins with :meth:`live`, after a test webhook where asked."""

    def __init__(
        self,
        bench: Bench,
        options: Options,
        send_to: Sequence[str] = (),
        incident: Incident | None = None,
        *,
        test_first: bool = False,
    ) -> None:
        self.cloud = Cloud(options, bench.clock, bench.seed)
        self.webhooks = Webhooks(
            options, send_to, bench.url, bench.clock, bench.recorder, bench.faults, bench.seed
        )
        self._bench = bench
        self._incident = incident
        self._test_first = test_first
        self._app = make_app(self.cloud, self.webhooks, bench.url)
        if incident is not None:  # a wrong one is refused at the start, not in the background
            Cloud(options, bench.clock, bench.seed).open_activation(
                incident.sensors, incident.affected, most=incident.most
            )

    @property
    def app(self) -> Starlette:
        return self._app

    @property
    def token_url(self) -> str:
        return self._bench.url + TOKEN_PATH

    def refusal(self, status: int, why: str) -> bytes:
        return json.dumps({"message": why}).encode()

    def greeting(self) -> list[str]:
        options = self.cloud.options
        return [
            f"Token URL              {self.token_url}",
            f"Cloud URL              {self._bench.url.split('://', 1)[1]}",
            f"Client ID              {options.client_id}",
            f"SysTrack API Account   {options.username}",
            f"API Token (password)   {options.password}",
            f"or systrack-api-key    {options.api_key}",
            f"Begin an incident      curl -X POST {self._bench.url}/_emulator/activations "
            '-d \'{"sensors": ["Application Hang"], "affected": 10}\'',
        ]

    async def live(self) -> None:
        """Test webhook and first incident; then webhooks leave as they are announced, until cancelled."""
        try:
            if self._test_first:
                self.webhooks.test()
            if self._incident is not None:
                wanted = self._incident
                self.webhooks.announce(
                    self.cloud.open_activation(
                        wanted.sensors, wanted.affected, per_minute=wanted.per_minute, most=wanted.most
                    )
                )
            await asyncio.Event().wait()
        finally:
            await self.webhooks.aclose()
