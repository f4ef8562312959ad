"""The Operational Pulse task when the other side is slow, busy or gone, and when a page is taken twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from opulse.bridges.systrack.patience import TRIES
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.workflows.flow.carrying import carry_out
from opulse.experience.workflows.models import RunState
from opulse.experience.workflows.store.runs import set_run_state
from tests.unit.experience.extensions.cloud import (
    Fault,
    estate,
)
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the token is not accepted"),
        (403, "may not read affected systems"),
        (404, "does not know this activation"),
        (410, "was purged"),
        (302, "it cannot be read"),
    ],
)
async def test_answers_that_no_further_try_can_help_end_the_run(
    pulse: Pulse, status: int, words: str
) -> None:
    await pulse.receive()
    pulse.cloud.faults = [Fault("/activations/", status, times=9)]
    run = await pulse.run(await pulse.activate())
    assert run["state"] == "failed"
    assert words in run["tasks"][0]["error"]
    assert f"answered {status}" in run["tasks"][0]["error"]


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        (Fault("/activations/", 429, {"Retry-After": "17"}), 17),
        (Fault("/activations/", 503, {"Retry-After": "Mon, 23 Nov 2026 12:00:42 GMT"}), 40),
        (Fault("/activations/", 429, {"Retry-After": "86400"}), 300),
        (Fault("/activations/", 500, times=TRIES), 5),
        (Fault("/oauth2/", 503, times=TRIES), 5),
    ],
    ids=["429", "a date", "too long", "500", "Token URL"],
)
async def test_what_may_be_better_in_a_while_is_tried_again(pulse: Pulse, fault: Fault, pause: float) -> None:
    await pulse.people("p0")
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    pulse.cloud.faults = [replace(fault)]
    run = await pulse.activate()
    waiting = await pulse.run(run)
    assert waiting["state"] == "running"
    assert "trying again" in waiting["tasks"][0]["error"]
    asked = len(pulse.cloud.asked)
    await pulse.wait(pause - 1.5)
    assert len(pulse.cloud.asked) == asked, "not before its time"
    await pulse.wait(2)
    done = await pulse.run(run)
    assert (done["state"], done["tasks"][0]["attempt"], done["tasks"][0]["error"]) == ("succeeded", 2, "")


async def test_a_side_that_stays_away_ends_the_run_when_its_time_is_over(pulse: Pulse) -> None:
    workflow = await pulse.receive()
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    document["settings"]["retry"] = "15min"
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    pulse.cloud.faults = [Fault("/activations/", 503, times=10_000)]
    run = await pulse.activate()
    for _ in range(14):
        await pulse.wait(60)
    assert (await pulse.run(run))["state"] == "running"
    for _ in range(6):
        await pulse.wait(60)
    ended = await pulse.run(run)
    assert (ended["state"], ended["tasks"][0]["state"]) == ("failed", "failed")
    assert "given up after 0:15:00" in ended["reason"]


async def test_a_crash_between_pages_and_the_rerun_double_nothing(pulse: Pulse) -> None:
    """A failed page stands for the crash: what was taken stays, the rest is taken by the next try, nobody twice."""
    names = [f"p{number}" for number in range(120)]
    await pulse.people(*names)
    await pulse.receive()
    await pulse.listen()
    pulse.cloud.systems = estate(120)
    pulse.cloud.faults = [Fault("/activations/", 503, skip=1, times=TRIES)]
    run = await pulse.activate()
    assert len(await pulse.reached()) == 50
    assert len(await pulse.asked()) == 50, "the first page's people are asked before the second page is there"
    await pulse.wait(10)
    assert (await pulse.run(run))["state"] == "succeeded"
    assert len(await pulse.reached()) == 120
    assert set((await pulse.asked()).values()) == {1}
    assert len(await pulse.asked()) == 120
    assert await pulse.waves() == {1: 120}


async def test_the_same_job_once_more_changes_nothing(pulse: Pulse) -> None:
    await pulse.people("p0", "p1")
    await pulse.receive()
    await pulse.listen()
    pulse.cloud.systems = estate(2)
    run = await pulse.activate()
    before = (await pulse.reached(), await pulse.asked(), await pulse.traces(), len(pulse.cloud.asked))
    await pulse.ports.db.write(set_run_state, pulse.tenant, run, RunState.RUNNING, "", None)
    await carry_out(pulse.ports, pulse.tenant, run)
    await pulse.work()
    assert (
        await pulse.reached(),
        await pulse.asked(),
        await pulse.traces(),
        len(pulse.cloud.asked),
    ) == before


async def test_one_answer_that_fails_is_asked_for_again_in_place(pulse: Pulse) -> None:
    await pulse.people("p0")
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    pulse.cloud.faults = [Fault("/activations/", 500, times=TRIES - 1)]
    done = await pulse.run(await pulse.activate())
    assert (done["state"], done["tasks"][0]["attempt"]) == ("succeeded", 1)


async def test_whoever_gets_further_is_given_time_anew(pulse: Pulse) -> None:
    """A large incident on a bad server: each try takes one page and fails; the window of 15 minutes begins at the last page."""
    await pulse.people(*[f"p{number}" for number in range(200)])
    workflow = await pulse.receive()
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    document["settings"]["retry"] = "15min"
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    pulse.cloud.systems = estate(200)
    pulse.ports = replace(pulse.ports, limits=replace(pulse.ports.limits, page_size=30))
    away = {"Retry-After": "280"}
    pulse.cloud.faults = [Fault("/activations/", 503, away, skip=pages) for pages in range(1, 6)]
    run = await pulse.activate()
    for reached in (80, 110, 140, 170):
        await pulse.wait(285)
        assert len(await pulse.reached()) == reached
        assert (await pulse.run(run))["state"] == "running"
    await pulse.wait(285)
    assert (await pulse.run(run))["state"] == "succeeded"
    assert len(await pulse.reached()) == 200
