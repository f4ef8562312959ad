"""Each button mends what its finding says, once, and leaves it in the audit trail."""

from __future__ import annotations

import pytest

from opulse.ports import Ports
from opulse.pulses.doctor import Kind, MendGone, mend
from opulse.tenancy.views import list_audit
from tests.flows.doctor.test_doctor_planted import PLANTED, Plant
from tests.flows.doctor.world import World, open_world, with_relay
from tests.servers.smtp import SmtpSink

PLANTS: dict[Kind, Plant] = dict(PLANTED)
WITH_BUTTON = (
    Kind.SENSOR_MISSING,
    Kind.NOT_LISTENING,
    Kind.WORKFLOW_OFF,
    Kind.RECIPIENT_OFF,
    Kind.RECEIVER_OFF,
)


async def test_buttons_mend_what_their_findings_say(ports: Ports, smtp_sink: SmtpSink) -> None:
    async with open_world(with_relay(ports, smtp_sink.port)) as world:
        for kind in WITH_BUTTON:
            async with PLANTS[kind](world):
                await _press(world, kind)


async def _press(world: World, kind: Kind) -> None:
    button = await world.button(kind)
    before = len(await world.ports.db.read(list_audit, world.tenant))
    await mend(world.ports, world.tenant, button, "a person")
    assert await world.kinds() == set(), kind
    trail = await world.ports.db.read(list_audit, world.tenant)
    assert len(trail) > before or trail[0].actor == "a person"
    with pytest.raises(MendGone):
        await mend(world.ports, world.tenant, button, "a person")


@pytest.mark.long
async def test_the_page_shows_findings_and_its_api_tells_them(ports: Ports, smtp_sink: SmtpSink) -> None:
    async with open_world(with_relay(ports, smtp_sink.port)) as world, PLANTS[Kind.SENSOR_MISSING](world):
        found = (await world.api.get("/api/v1/doctor"))["findings"]
        assert [one["kind"] for one in found] == ["sensor_missing"]
        assert "High Retransmission Rate" in found[0]["what"]
        await world.api.post("/api/v1/doctor/mends", found[0]["button"])
        assert (await world.api.get("/api/v1/doctor"))["findings"] == []
