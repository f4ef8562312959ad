"""A pulse whose directory is at a stand-in for Qualtrics, served over HTTP with faults where they are wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from opulse.clock import Clock, ManualClock
from opulse.db import Database
from opulse.emulators.product import Bench
from opulse.emulators.qualtrics import Brand, Options, QualtricsStandIn
from opulse.emulators.qualtrics.models import Contact
from opulse.experience.extensions.operational_pulse.store import handed_people
from tests.servers.standing import Standing, stand_in
from tests.unit.experience.extensions.cloud import ACTIVATION, PASSWORD, USERNAME
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

EVERY_FAULT = "slow=5ms@10%,429=1s@10%,500=10%,duplicate=10%,reorder=10ms@20%,truncate=10%,expire-token=10%"


@dataclass
class Bridge:
    """A pulse whose directory is at a stand-in."""

    pulse: Pulse
    there: Standing[QualtricsStandIn]

    @property
    def brand(self) -> Brand:
        return self.there.product.brand

    async def account(self, **changes: str) -> None:
        fields = {
            "api_token": PASSWORD,
            "systrack_api_account": USERNAME,
            "qualtrics_place": self.there.url,
            "qualtrics_client_id": self.brand.client_id,
            "qualtrics_client_secret": self.brand.client_secret,
        }
        body = {"name": "Both", "fields": fields | changes}
        made = await self.pulse.api("POST", "/extensions/operational_pulse/accounts", body, 201)
        self.pulse.account = made["id"]

    async def receive(self, create: bool = True, **changes: str) -> None:
        form = {
            "directory_at": "qualtrics",
            "qualtrics_directory": self.brand.directory,
            "qualtrics_list": self.brand.first_list,
            "create_contacts": str(create).lower(),
            "list_id": "",
            "directory_id": "",
        }
        await self.pulse.receive(form=form | changes)

    async def finish(self) -> int:
        """Let time pass until nobody is on the way; how many seconds that took."""
        for seconds in range(0, 3_600, 5):
            if not await self.on_the_way():
                self.brand.finish_imports()
                return seconds
            await self.pulse.wait(5)
        raise AssertionError("people are still on the way")

    async def on_the_way(self) -> int:
        """How many people are; of whoever is not, no name and no address is kept here."""
        rows = await self.pulse.rows(handed_people)
        ended = [one for one in rows if one["state"] == "ended"]
        assert all(one["email"] == one["first_name"] == one["ext_ref"] == "" for one in ended)
        return len(rows) - len(ended)

    async def tally(self) -> Counter[str]:
        """Reason → systems."""
        return Counter((await self.pulse.reached()).values())

    def alarmed(self, activation: str = ACTIVATION) -> list[Contact]:
        contacts = self.brand.contacts.values()
        return [one for one in contacts if one.embedded.get("lastAlarmActivationId") == activation]

    def put(self, **fields: Any) -> Contact:
        return self.brand.create(fields)


@asynccontextmanager
async def bridged(
    db: Database,
    clock: ManualClock,
    faults: str = "",
    options: Options | None = None,
    theirs: Clock | None = None,
) -> AsyncIterator[Bridge]:
    """``theirs``: the stand-in's clock; the machine's if left out."""

    def make(bench: Bench) -> QualtricsStandIn:
        return QualtricsStandIn(bench, options or Options())

    async with open_pulse(db, clock) as pulse, stand_in(make, faults, clock=theirs) as there:
        bridge = Bridge(pulse, there)
        await bridge.account()
        yield bridge
