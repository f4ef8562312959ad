"""Nightly: look at every tenant and set the metric. Nobody is mailed; alert on ``opulse_doctor_findings`` if you want to be."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.jobs import Handler, Job
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import arrange_all_in, keep_diagnosis
from opulse.pulses.doctor.models import DOCTOR_DUE, DOCTOR_TENANT_DUE


async def on_doctor_due(ports: Ports, job: Job) -> None:
    await ports.db.write(arrange_all_in, f"{ports.clock.now():%Y-%m-%d}")


async def on_doctor_tenant_due(ports: Ports, job: Job) -> None:
    await keep_diagnosis(ports, job.tenant)


HANDLERS: Mapping[str, Handler] = {DOCTOR_DUE: on_doctor_due, DOCTOR_TENANT_DUE: on_doctor_tenant_due}
