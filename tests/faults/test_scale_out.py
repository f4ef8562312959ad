"""One product in several processes on a PostgreSQL: each kind of work apart, killed, stopped, cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(
        tmp_path_factory.mktemp("apart"),
        ("quiet", "killed", "paused"),
        {
            "jobs-1": "jobs",
            "jobs-2": "jobs",
            "mail-1": "mail",
            "decider-1": "decisions",
            "decider-2": "decisions,schedule",
        },
    )
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


async def test_every_kind_of_work_may_have_a_process_of_its_own(apart: Cluster) -> None:
    print("SECONDS", await apart.ends_well(await apart.begin("quiet")))
