"""The demo's set-up has nothing to mend, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opulse.clock import SystemClock
from opulse.ports import Ports
from opulse.pulses.doctor import diagnose
from tests.flows.doctor.world import open_world, with_relay
from tests.servers.installation import make_tenant
from tests.servers.smtp import SmtpSink

pytestmark = [pytest.mark.stores, pytest.mark.long]


def _real(ports: Ports, sink: SmtpSink) -> Ports:
    """With this machine's clock: PostgreSQL's is compared with it."""
    return with_relay(replace(ports, clock=SystemClock()), sink.port)


async def test_the_demo_has_no_finding(ports: Ports, smtp_sink: SmtpSink) -> None:
    async with open_world(_real(ports, smtp_sink), 150) as world:
        report = await world.report()
        assert report.findings == ()
        assert report.unseen == ()


async def test_another_tenant_sees_nothing_of_it(ports: Ports, smtp_sink: SmtpSink) -> None:
    ported = _real(ports, smtp_sink)
    async with open_world(ported) as world:
        await world.change_notification(recipients=[])
        other, _ = await make_tenant(ported, "Other")
        found = {finding.kind.value for finding in (await diagnose(ported, other)).findings}
        assert found == {"mail_closed"}
