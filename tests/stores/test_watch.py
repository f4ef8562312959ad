"""What waits, on both databases: queues by the age of their oldest job, mail, the journal; and first times of an activation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.db import open_database
from opulse.experience.directory.views import change_sets
from opulse.experience.distributions.views import distributions, invitations
from opulse.jobs import Job, enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import bury
from opulse.monitoring.systems.models import RecordKind
from opulse.monitoring.systems.store.journal import find_time, insert_entry
from opulse.ports import Ports
from opulse.pulses.watch import Watch, behind, find_first_times
from tests.unit.experience.impact.incident import ACTIVATION, RUN, begin

import_stores()

pytestmark = pytest.mark.stores
LEASE = timedelta(seconds=30)


class Follower:
    """An evaluator that has come to one position."""

    def __init__(self, position: int, frozen_until: datetime) -> None:
        self._position = position
        self.frozen_until = frozen_until

    def position(self, tenant: int) -> int:
        return self._position


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_the_oldest_due_job_grows_older_until_somebody_has_it(ports: Ports, clock: ManualClock) -> None:
    watch = Watch(ports)
    await ports.db.write(enqueue, 1, "thing.happened", {}, queue="mail")
    await watch.measure(None)
    assert gauge("opulse_queue_age_seconds", queue="mail") == 0
    clock.advance(40)
    await ports.db.write(enqueue, 1, "thing.happened", {}, queue="mail")
    await watch.measure(None)
    assert gauge("opulse_queue_age_seconds", queue="mail") == 40
    assert gauge("opulse_queue_jobs", queue="mail", state="due") == 2
    await ports.db.write(claim_due, "mail", "one", clock.now(), LEASE, 10)
    await watch.measure(None)
    assert gauge("opulse_queue_age_seconds", queue="mail") == 0
    assert gauge("opulse_queue_jobs", queue="mail", state="later") == 2


async def test_a_job_with_a_time_of_its_own_is_as_old_as_that(ports: Ports, clock: ManualClock) -> None:
    due = clock.now() - timedelta(seconds=7)
    await ports.db.write(enqueue, 1, "thing.happened", {}, queue="timed", run_at=due)
    await ports.db.write(enqueue, 1, "thing.later", {}, queue="timed", run_at=clock.now() + LEASE)
    await Watch(ports).measure(None)
    assert gauge("opulse_queue_age_seconds", queue="timed") == 7
    assert gauge("opulse_queue_jobs", queue="timed", state="later") == 1


async def test_a_job_that_was_given_up_is_told_and_is_not_due(ports: Ports, clock: ManualClock) -> None:
    await ports.db.write(enqueue, 1, "thing.happened", {}, queue="sad")
    jobs_held: list[Job] = await ports.db.write(claim_due, "sad", "one", clock.now(), LEASE, 1)
    await ports.db.write(bury, jobs_held[0], "no use")
    await Watch(ports).measure(None)
    assert gauge("opulse_queue_jobs", queue="sad", state="dead") == 1
    assert gauge("opulse_queue_jobs", queue="sad", state="due") == 0


async def test_due_mail_is_told_by_the_state_of_its_distribution(ports: Ports, clock: ManualClock) -> None:
    incident = await begin(ports, clock, 3)
    for number, wait in enumerate((60, 20, -60)):
        await incident.contact(number)
        await incident.invited(number, state="queued", next_try_at=clock.now() - timedelta(seconds=wait))
    watch = Watch(ports)
    await watch.measure(None)
    assert gauge("opulse_mail_age_seconds", distribution="running") == 60
    await incident.change(distributions, state="paused")
    await watch.measure(None)
    assert gauge("opulse_mail_age_seconds", distribution="running") == 0
    assert gauge("opulse_mail_age_seconds", distribution="paused") == 60
    await incident.change(invitations, next_try_at=None)
    await watch.measure(None)
    assert gauge("opulse_mail_age_seconds", distribution="paused") == 0


async def test_the_journal_is_as_far_ahead_as_no_evaluator_has_come(ports: Ports, clock: ManualClock) -> None:
    for tenant, records in ((1, 3), (2, 5)):
        for _ in range(records):
            await ports.db.write(insert_entry, tenant, RecordKind.STATES, b"", clock.now())
    watch = Watch(ports)
    found = await watch.look()
    assert found is not None
    assert dict(found.journal) == {1: 3, 2: 5}
    evaluator = Follower(2, clock.now() + LEASE)
    assert behind(found, evaluator) == 1 + 3
    await watch.measure(evaluator)
    assert (gauge("opulse_journal_behind"), gauge("opulse_reporting_frozen")) == (4, 1)
    clock.advance(31)
    await watch.measure(Follower(9, evaluator.frozen_until))
    assert (gauge("opulse_journal_behind"), gauge("opulse_reporting_frozen")) == (0, 0)
    assert await ports.db.read(find_time, 1, 2) == clock.now() - timedelta(seconds=31)
    assert await ports.db.read(find_time, 1, 4) is None


async def test_a_database_that_is_away_is_told_and_stops_nobody(ports: Ports) -> None:
    watch = Watch(ports)
    await watch.measure(None)
    assert gauge("opulse_database_up") == 1

    lost = await open_database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        assert await Watch(replace(ports, db=lost)).measure(None) is None
    finally:
        await lost.close()
    assert gauge("opulse_database_up") == 0


async def test_the_first_times_of_an_activation_are_those_of_its_rows(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 3)
    tenant = incident.tenant
    nothing = await ports.db.read(find_first_times, tenant, ACTIVATION)
    assert (nothing.webhook, nothing.contact) == (None, None)
    webhook = clock.now()
    await incident.fetching()
    clock.advance(2)
    contact = clock.now()
    for number in (0, 1):
        await incident.contact(number)
        await incident.changed(number, traced=True, run="succeeded")
        await incident.change(change_sets, run=RUN)
        clock.advance(3)
    found = await ports.db.read(find_first_times, tenant, ACTIVATION)
    assert (found.webhook, found.contact) == (webhook, contact)
    assert (await ports.db.read(find_first_times, tenant, "another")).webhook is None
    assert (await ports.db.read(find_first_times, tenant + 1, ACTIVATION)).contact is None
