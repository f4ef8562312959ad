"""The nightly look: what is kept of it, what is new in it, and that it needs neither wing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from opulse.bootstrap.parts import SCHEDULE
from opulse.bootstrap.stages import handlers_of
from opulse.jobs import Job
from opulse.observe.metrics import DOCTOR_FINDINGS
from opulse.ports import Ports
from opulse.pulses.doctor import Finding, Kind, Report
from opulse.pulses.doctor.models import DOCTOR_DUE, Subject
from opulse.pulses.doctor.store import doctor_reports, find_last, keep_report
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
    await handlers_of("experience")[DOCTOR_DUE](ports, _job(ports))
    for tenant in tenants:
        last = await ports.db.read(find_last, tenant)
        assert last is not None
        assert last.at == ports.clock.now()
        assert Kind.MAIL_CLOSED in {one.finding.kind for one in last.findings}
    assert DOCTOR_FINDINGS.labels("warning")._value.get() >= len(tenants)


def _job(ports: Ports) -> Job:
    return Job(1, 0, DOCTOR_DUE, {}, 1, ports.clock.now() + timedelta(minutes=1), "test")
