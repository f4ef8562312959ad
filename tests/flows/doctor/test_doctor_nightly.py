"""The nightly look: what is kept of it, what is new in it, and that it needs neither wing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from opulse.bootstrap.parts import SCHEDULE
from opulse.bootstrap.stages import handlers_of
from opulse.jobs import Job
from opulse.jobs.table import jobs
from opulse.jobs.worker import Worker
from opulse.observe.metrics import DOCTOR_FINDINGS
from opulse.ports import Ports
from opulse.pulses.doctor import Finding, Kind, Report
from opulse.pulses.doctor.flow import diagnosing
from opulse.pulses.doctor.models import DOCTOR_DUE, DOCTOR_TENANT_DUE, Severity, Subject
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.pulses.doctor.store import doctor_reports, find_last, keep_report, list_kinds_of_all
from tests.servers.installation import make_tenant

NIGHT = datetime(2026, 11, 1, 3, tzinfo=UTC)
CLOSED = Finding(Kind.MAIL_CLOSED, Subject("tenant", "Acme", "/admin/tenant"), "Mail goes to 2 entries.")
STOPPED = Finding(Kind.MAIL_STOPPED, Subject("tenant", "Acme", "/admin/tenant"), "All mail is paused.")


@pytest.mark.stores
async def test_what_is_new_is_told_by_the_night_before(ports: Ports) -> None:
    tenant, _ = await make_tenant(ports)
    assert await ports.db.read(find_last, tenant) is None
    await ports.db.write(keep_report, tenant, Report(NIGHT, (CLOSED,)))
    first = await ports.db.read(find_last, tenant)
    assert first is not None
    assert [one.is_new for one in first.findings] == [False]  # nothing to compare with
    other_words = replace(CLOSED, what="Mail goes to 3 entries.")
    second = Report(NIGHT + timedelta(days=1), (STOPPED, other_words), ("relay",))
    for _ in range(2):  # a job may be done twice
        await ports.db.write(keep_report, tenant, second)
    last = await ports.db.read(find_last, tenant)
    assert last is not None
    assert {one.finding.kind: one.is_new for one in last.findings} == {
        Kind.MAIL_STOPPED: True,
        Kind.MAIL_CLOSED: False,
    }
    assert (last.at, last.earlier, last.unseen) == (second.at, NIGHT, ("relay",))
    await ports.db.write(keep_report, tenant, Report(NIGHT + timedelta(days=30), ()))
    count = select(func.count()).select_from(doctor_reports)
    assert await ports.db.read(lambda conn: conn.execute(count).scalar_one()) == 1


async def test_the_job_keeps_a_look_of_each_tenant_and_sets_the_metric(ports: Ports) -> None:
    """By the handlers of a process with the experience wing alone, which is the one whose schedule has the job."""
    tenants = [(await make_tenant(ports, name))[0] for name in ("One", "Two")]
    assert DOCTOR_DUE in SCHEDULE["experience"]
    handlers = handlers_of("experience")
    for _ in range(2):  # a day that is arranged twice is looked at once
        await handlers[DOCTOR_DUE](ports, _job(ports, 0, DOCTOR_DUE))
    arranged = select(jobs.c.tenant).where(jobs.c.kind == DOCTOR_TENANT_DUE).order_by(jobs.c.tenant)
    assert await ports.db.read(lambda conn: conn.execute(arranged).scalars().all()) == tenants
    for tenant in tenants:
        await handlers[DOCTOR_TENANT_DUE](ports, _job(ports, tenant, DOCTOR_TENANT_DUE))
    for tenant in tenants:
        last = await ports.db.read(find_last, tenant)
        assert last is not None
        assert last.at == ports.clock.now()
        assert Kind.MAIL_CLOSED in {one.finding.kind for one in last.findings}
    kinds = await ports.db.read(list_kinds_of_all)
    warnings = [kind for kind in kinds if CARDS[kind].severity is Severity.WARNING]
    assert kinds.count(Kind.MAIL_CLOSED) == len(tenants)
    assert DOCTOR_FINDINGS.labels("warning")._value.get() == len(warnings)


async def test_a_tenant_whose_look_fails_keeps_no_other_from_theirs(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = [(await make_tenant(ports, name))[0] for name in ("Broken", "Whole")]
    look = diagnosing.diagnose

    async def fails_for_one(ports: Ports, tenant: int) -> Report:
        if tenant == broken:
            raise RuntimeError("an object that no check has met")
        return await look(ports, tenant)

    monkeypatch.setattr(diagnosing, "diagnose", fails_for_one)
    handlers = handlers_of("experience")
    await handlers[DOCTOR_DUE](ports, _job(ports, 0, DOCTOR_DUE))
    worker = Worker(ports.db, ports.clock, handlers, ports)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        while await ports.db.read(find_last, whole) is None:  # noqa: ASYNC110  # the worker is real
            await asyncio.sleep(0.01)
    worker.stop()
    await running
    assert await ports.db.read(find_last, broken) is None
    assert await ports.db.read(find_last, whole) is not None


def _job(ports: Ports, tenant: int, kind: str) -> Job:
    return Job(1, tenant, kind, {}, 1, ports.clock.now() + timedelta(minutes=1), "test")
