"""The same over a NATS cluster of three: its leader killed, its stream wiped, and everything else that may go away, goes away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import nats
import pytest

from opulse.jobs.jetstream import STREAM
from tests.faults.cluster import Cluster
from tests.servers.nats import NatsCluster

pytestmark = pytest.mark.faults
log = logging.getLogger("scale-out")

EVERYTHING = "jobs,mail,decisions,schedule"
NAMES = ("quiet", "worker", "leader", "wiped", "database", "relay", "away")


@pytest.fixture(scope="module")
def stream() -> Iterator[NatsCluster]:
    servers = NatsCluster(size=3)
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory, stream: NatsCluster) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("spread")
    cluster = Cluster(folder, NAMES, {"work-1": EVERYTHING, "work-2": EVERYTHING}, nats=stream)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


async def test_three_replicas_and_nothing_happens(spread: Cluster, stream: NatsCluster) -> None:
    seconds = await spread.ends_well(await spread.begin("quiet"))
    client = await nats.connect(stream.url.removeprefix("nats://").split(","))
    info = await client.jetstream().stream_info(STREAM)
    await client.close()
    assert info.config.num_replicas == 3
    assert info.state.last_seq > 0, "jobs went this way"
    measured("nothing happens", seconds)


@pytest.mark.parametrize("point", ["page.taken"])
async def test_a_worker_that_is_killed(spread: Cluster, point: str) -> None:
    spread.doom(point)
    incident = await spread.begin("worker")
    victim = await spread.victim()
    measured(f"kill -9 of {victim.name} at {point}", await spread.ends_well(incident))
    victim.start()


async def test_the_leader_of_the_stream_is_killed(spread: Cluster, stream: NatsCluster) -> None:
    leader = await leader_of(stream)
    incident = await spread.begin("leader")
    await spread.installation.activation_of(incident)
    stream.kill(leader)
    measured("kill -9 of the stream's leader", await spread.ends_well(incident))
    stream.start(leader)


async def test_the_stream_is_wiped(spread: Cluster, stream: NatsCluster) -> None:
    incident = await spread.begin("wiped")
    client = await nats.connect(stream.url.removeprefix("nats://").split(","))
    await spread.installation.activation_of(incident)
    await client.jetstream().delete_stream(STREAM)
    await client.close()
    measured("the stream is deleted", await spread.ends_well(incident))


async def test_all_of_nats_is_away(spread: Cluster, stream: NatsCluster) -> None:
    for name in stream.names:
        stream.kill(name)
    measured("no NATS at all", await spread.ends_well(await spread.begin("away")))
    for name in stream.names:
        stream.start(name)


async def test_postgresql_crashes_and_comes_back(spread: Cluster) -> None:
    incident = await spread.begin("database")
    await spread.installation.activation_of(incident)
    spread.postgres.restart(2.0)
    measured("PostgreSQL is away for 2 s", await spread.ends_well(incident))


async def test_the_mail_relay_is_away(spread: Cluster) -> None:
    spread.sink.stop()
    incident = await spread.begin("relay")
    await spread.installation.activation_of(incident)
    await asyncio.sleep(5)
    spread.sink.restart()
    measured("the mail relay is away for 5 s", await spread.ends_well(incident))


async def leader_of(stream: NatsCluster) -> str:
    client = await nats.connect(stream.url.removeprefix("nats://").split(","))
    info = await client.jetstream().stream_info(STREAM)
    await client.close()
    assert info.cluster is not None
    assert info.cluster.leader is not None
    return str(info.cluster.leader)


def measured(what: str, seconds: float) -> None:
    """A line for docs/howto/scale-out.md; ``pytest --log-cli-level=info`` shows it."""
    log.info(f"measured {what}: settled after {seconds:.1f} s")
