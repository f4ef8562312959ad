"""A sender's trace goes on through the run to those who are asked, on both databases, whether or not we record it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.flow.tracing import traceparent_of
from opulse.experience.distributions.views import distributions
from opulse.experience.workflows.views import runs
from opulse.observe import traces
from tests.servers.otlp import Collector
from tests.unit.experience.extensions.cloud import estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

import_stores()

pytestmark = pytest.mark.stores
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = PARENT.split("-")[1]


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.people("p0", "p1")
        await opened.receive()
        await opened.listen()
        opened.cloud.systems = estate(2)
        yield opened


async def tell(pulse: Pulse, **headers: str) -> list[dict[str, Any]]:
    """An event with these headers, and everything that follows. The runs' events."""
    answer = await pulse.client.post(pulse.trigger_url, json=pulse.envelope(), headers=headers)
    assert answer.status_code == 202
    await pulse.work()
    found = [row["event"] for row in await pulse.rows(runs)]
    assert len(found) == 2
    return found


async def test_the_trace_of_the_event_reaches_the_run_that_asks(pulse: Pulse) -> None:
    assert {event["traceparent"] for event in await tell(pulse, traceparent=PARENT)} == {PARENT}


@pytest.mark.parametrize("header", ["", "no traceparent", f"{PARENT}-{'x' * 500}"])
async def test_without_a_trace_nothing_is_kept(pulse: Pulse, header: str) -> None:
    assert ["traceparent" in event for event in await tell(pulse, traceparent=header)] == [False, False]


async def test_a_distribution_finds_its_trace_only_while_traces_are_recorded(pulse: Pulse) -> None:
    with Collector() as collector:
        traces.configure_traces(collector.address, "1")
        try:
            (first, *_) = await tell(pulse, traceparent=PARENT)
            (made,) = await pulse.rows(distributions)
            found = await traceparent_of(pulse.ports, pulse.tenant, made["id"])
            assert found == first["traceparent"] != PARENT
            assert await traceparent_of(pulse.ports, pulse.tenant, "EMD_unknown") == ""
            with pytest.raises(LookupError), traces.span("fails", parent=found, why="a reason"):
                raise LookupError("somebody@example.org")
        finally:
            traces.close_traces()
        assert await traceparent_of(pulse.ports, pulse.tenant, made["id"]) == ""
    assert {span.trace for span in collector.spans} == {TRACE}
    (accepted,) = collector.named("event.accept")
    assert (accepted.parent, first["traceparent"].split("-")[2]) == (PARENT.split("-")[2], accepted.id)
    (failed,) = collector.named("fails")
    assert (failed.failed, failed.attributes) == (True, {"opulse.why": "a reason"})


def test_a_root_may_have_the_bits_of_a_guid_as_its_trace() -> None:
    with Collector() as collector:
        traces.configure_traces(collector.address, "1")
        try:
            with (
                traces.span("root", trace="7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10") as root,
                traces.span("inside"),
            ):
                pass
            with traces.span("another"):
                pass
        finally:
            traces.close_traces()
    (inside,), (another,) = collector.named("inside"), collector.named("another")
    assert root.traceparent.split("-")[1:3] == [inside.trace, inside.parent]
    assert inside.trace == "7f0f3c1e2f7a4d0b9a415b8f6e2c9d10" != another.trace


def test_nothing_is_recorded_without_an_address() -> None:
    traces.configure_traces("", "1")
    with traces.span("nothing", activation="a") as recorded:
        recorded.note(more=1)
    assert (recorded.traceparent, traces.is_tracing()) == ("", False)
