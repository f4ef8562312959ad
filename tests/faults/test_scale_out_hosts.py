"""Two hosts, of which one is cut off in the middle of an incident and comes back later, with all that it had in hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.faults.cluster import LEASE_SECONDS, Cluster
from tests.servers.namespace import Namespace, can_make
from tests.servers.nats import NatsCluster
from tests.servers.opulse import WorkProcess

pytestmark = pytest.mark.faults
log = logging.getLogger("scale-out")

EVERYTHING = "jobs,mail,decisions,schedule"


@pytest.fixture(scope="module")
def host() -> Iterator[Namespace]:
    if not can_make():
        pytest.skip(reason="network namespaces need root and a kernel that lets us")
    far = Namespace(1)
    yield far
    far.remove()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory, host: Namespace) -> Iterator[tuple[Cluster, WorkProcess]]:
    servers = NatsCluster(size=3, address=host.address)
    cluster = Cluster(
        tmp_path_factory.mktemp("hosts"),
        ("both", "cut", "meanwhile", "healed"),
        {"near": EVERYTHING},
        nats=servers,
        far=host,
    )
    far = cluster.worker("far", EVERYTHING, inside=host.inside)
    try:
        cluster.start()
        far.start()
        yield cluster, far
    finally:
        far.kill()
        cluster.stop()
        servers.stop()


async def test_a_host_that_is_cut_off_is_succeeded_and_does_no_harm_when_it_is_back(
    hosts: tuple[Cluster, WorkProcess], host: Namespace
) -> None:
    cluster, _ = hosts
    measured("two hosts, nothing happens", await cluster.ends_well(await cluster.begin("both")))
    incident = await cluster.begin("cut")
    await cluster.installation.activation_of(incident)
    host.cut()
    measured("a host is cut off", await cluster.ends_well(incident))
    meanwhile = await cluster.begin("meanwhile")
    measured("an incident while it is cut off", await cluster.ends_well(meanwhile))
    host.heal()
    measured("an incident when it is back", await cluster.ends_well(await cluster.begin("healed")))
    await asyncio.sleep(2 * LEASE_SECONDS)
    for before in (incident, meanwhile):
        await cluster.ends_well(before)  # nothing came on top of it


def measured(what: str, seconds: float) -> None:
    """A line for docs/howto/scale-out.md; ``pytest --log-cli-level=info`` shows it."""
    log.info(f"measured {what}: settled after {seconds:.1f} s")
