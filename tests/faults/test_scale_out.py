"""One product in several processes on a PostgreSQL, without NATS: each kind of work apart, killed, and stopped for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import LEASE_SECONDS, Cluster
from tests.servers.opulse import WorkProcess

pytestmark = pytest.mark.faults
log = logging.getLogger("scale-out")


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two processes for each kind of work that one of them may leave undone."""
    folder: Path = tmp_path_factory.mktemp("apart")
    names = ("quiet", "jobs", "mails", "paused", "frozen")
    queues = {"jobs-1": "jobs", "jobs-2": "jobs", "mail-1": "mail", "mail-2": "mail,schedule"}
    deciders = {"decider-1": "decisions", "decider-2": "decisions"}
    cluster = Cluster(folder, names, {**queues, **deciders})
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


async def test_every_kind_of_work_may_have_a_process_of_its_own(apart: Cluster) -> None:
    measured("nothing happens", await apart.ends_well(await apart.begin("quiet")))


@pytest.mark.parametrize(("name", "point"), [("jobs", "page.taken"), ("mails", "mail.accepted 5")])
async def test_what_a_killed_process_had_in_hand_is_taken_up_by_another(
    apart: Cluster, name: str, point: str
) -> None:
    apart.doom(point)
    incident = await apart.begin(name)
    victim = await apart.victim()
    measured(f"kill -9 of {victim.name} at {point}", await apart.ends_well(incident))
    victim.start()


async def test_a_decider_that_was_stopped_does_not_act_after_its_successor(apart: Cluster) -> None:
    """It has counted, and stops before its transaction. When it goes on, the other one has opened the activation."""
    apart.doom("stop activation.counted")
    incident = await apart.begin("paused")
    stopped = await apart.victim()
    measured(f"{stopped.name} is stopped, its successor decides", await apart.ends_well(incident))
    stopped.go_on()
    await says(stopped, "decision refused: another process decides by now")
    assert (
        await apart.installation.gather(incident, await apart.installation.activation_of(incident))
    ).activations == 1
    measured("it goes on", await apart.ends_well(incident))


@pytest.mark.long
async def test_a_decider_that_is_stopped_inside_its_transaction_holds_up_nobody_for_long(
    apart: Cluster,
) -> None:
    """Its lease is locked until the server ends the transaction that does nothing; then the successor takes over."""
    apart.doom("stop activation.confirmed")
    incident = await apart.begin("frozen")
    stopped = await apart.victim()
    measured(f"{stopped.name} is stopped in its transaction", await apart.ends_well(incident))
    stopped.go_on()
    await asyncio.sleep(2 * LEASE_SECONDS)
    measured("it goes on", await apart.ends_well(incident))


async def says(process: WorkProcess, words: str) -> None:
    until = time.monotonic() + 20
    while words not in process.said():
        assert time.monotonic() < until, process.said()[-2000:]
        await asyncio.sleep(0.1)


def measured(what: str, seconds: float) -> None:
    """A line for docs/howto/scale-out.md; ``pytest --log-cli-level=info`` shows it."""
    log.info(f"measured {what}: settled after {seconds:.1f} s")
