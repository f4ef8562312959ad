"""Nightly: look at every tenant and set the metric. Nobody is mailed; alert on ``opulse_doctor_findings`` if you want to be."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.jobs import Handler, Job
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import diagnose_all
from opulse.pulses.doctor.models import DOCTOR_DUE


async def on_doctor_due(ports: Ports, job: Job) -> None:
    await diagnose_all(ports)


HANDLERS: Mapping[str, Handler] = {DOCTOR_DUE: on_doctor_due}
