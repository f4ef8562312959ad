"""The parts of one process: what it works on beside the web server, in the order in which it starts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from fastapi import FastAPI

from opulse.bootstrap.doors import open_doors
from opulse.bootstrap.stages import handlers_of, load_extensions
from opulse.clock import SystemClock
from opulse.db.postgres import PostgresDatabase
from opulse.db.statistics import Statistics
from opulse.experience.audiences.models import STALE_DUE
from opulse.experience.directory.jobs import ALARMS_DUE
from opulse.experience.distributions.flow.returned import Returned
from opulse.experience.distributions.flow.sending import Sender
from opulse.experience.distributions.jobs import FOLLOW_UPS_DUE
from opulse.experience.extensions.schedule.models import SCHEDULES_DUE
from opulse.experience.privacy.models import RETENTION_DUE
from opulse.experience.responses.jobs import UPKEEP_DUE
from opulse.jobs import Worker
from opulse.jobs.schedule import Schedule
from opulse.jobs.table import release_leases
from opulse.mail.carrier import Carrier, CarrierProcess, Carries
from opulse.mail.inbound import Inbound, InTurn
from opulse.monitoring.activations.flow.decider import Decider
from opulse.monitoring.activations.flow.ownership import LeasedOwner
from opulse.monitoring.deliveries.jobs import MUTES_DUE
from opulse.monitoring.sensors.flow.elsewhere import ListenerSign, SharedReports
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.sampling import Sampler
from opulse.monitoring.sources.flow.keeping import Keeper
from opulse.monitoring.systems.jobs import GROUPS_DUE, SILENT_DUE
from opulse.ports import Ports
from opulse.pulses.doctor.models import DOCTOR_DUE
from opulse.settings import Settings

SCHEDULE: Mapping[str, Mapping[str, float]] = {
    "monitoring": {MUTES_DUE: 10.0, GROUPS_DUE: 300.0, SILENT_DUE: 3600.0},
    "experience": {
        ALARMS_DUE: 60.0,
        FOLLOW_UPS_DUE: 20.0,
        SCHEDULES_DUE: 15.0,
        STALE_DUE: 900.0,
        UPKEEP_DUE: 3600.0,
        RETENTION_DUE: 21_600.0,
        DOCTOR_DUE: 86_400.0,
    },
}
SHORTEST_LEASE = timedelta(seconds=3)


class Part(Protocol):
    """Something that runs beside the web server, or without one."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Work(Protocol):
    """A worker of either kind: on the table, or on the stream."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


class Jobs:
    """A worker as a part."""

    def __init__(self, ports: Ports, worker: Work, *, alone: bool) -> None:
        self._ports = ports
        self._worker = worker
        self._alone = alone
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._alone:
            # nobody else works on this database: what a killed predecessor held can be taken up at once
            await self._ports.db.write(release_leases)
        self._task = asyncio.create_task(self._worker.run(), name="worker")

    async def stop(self) -> None:
        self._worker.stop()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def make_parts(app: FastAPI | None, ports: Ports, settings: Settings) -> list[Part]:
    """The parts of this process. ``app`` is given what its routes ask for; None: this process has no web server.

    Raises:
        ValueError: NATS without PostgreSQL, or without its client.
    """
    load_extensions()
    open_doors(settings.wing)
    process = f"{platform.node()}-{secrets.token_hex(4)}"
    parts: list[Part] = []
    if isinstance(ports.db, PostgresDatabase):
        parts.append(ports.db.notices())
    if settings.wing in ("all", "monitoring"):
        parts += _monitoring(app, ports, settings, process)
    if settings.wing in ("all", "experience") and "mail" in settings.queues:
        carrier = make_carrier(ports, settings)
        parts.append(Sender(ports, lease=_lease(settings), alone=_alone(ports), carrier=carrier))
        if settings.bounces_port:
            door = Inbound(Returned(ports).takes, settings.bounces_host, settings.bounces_port)
            parts.append(InTurn(door))
    if "jobs" in settings.queues:
        parts += _workers(ports, settings, process)
    if "schedule" in settings.queues:
        wings = ("monitoring", "experience") if settings.wing == "all" else (settings.wing,)
        every = {kind: seconds for wing in wings for kind, seconds in SCHEDULE[wing].items()}
        parts.append(Schedule(ports.db, ports.clock, every))
        if not _alone(ports):
            parts.append(Statistics(ports.db))
    return parts


def _monitoring(app: FastAPI | None, ports: Ports, settings: Settings, process: str) -> list[Part]:
    """Whoever takes reports or shows states follows the journal; whoever decides does too."""
    decides = "decisions" in settings.queues
    if app is None and not decides:
        return []
    evaluator = Evaluator(ports.db, ports.clock, ports.limits)
    if app is not None:
        app.state.evaluator = evaluator
    if _alone(ports):
        kept: list[Part] = [evaluator, Keeper(ports, evaluator), Sampler(ports, evaluator)]
        return [*kept, Decider(ports, evaluator)] if decides else kept
    parts: list[Part] = [evaluator]
    if app is not None:
        parts.append(ListenerSign(ports.db, ports.clock, ports.limits, process))
    parts.append(SharedReports(ports.db, ports.clock, evaluator, ports.limits, process))
    if not decides:
        evaluator.keeps_snapshot = lambda tenant: False
        return parts
    owner = LeasedOwner(ports, process, max(SHORTEST_LEASE, _lease(settings) / 3))
    evaluator.keeps_snapshot = owner.owns
    looks: list[Part] = [Keeper(ports, evaluator), Sampler(ports, evaluator)]
    return [*parts, owner, *looks, Decider(ports, evaluator, owner)]


def _workers(ports: Ports, settings: Settings, process: str) -> list[Part]:
    handlers, lease = handlers_of(settings.wing), _lease(settings)
    if not settings.nats_servers:
        worker = Worker(ports.db, ports.clock, handlers, ports, at_once=settings.job_workers, lease=lease)
        return [Jobs(ports, worker, alone=_alone(ports))]
    if _alone(ports):
        raise ValueError(
            "OPULSE_NATS_URL spreads work over processes on one PostgreSQL: set OPULSE_DATABASE_URL"
        )
    try:
        from opulse.jobs.jetstream import JetStream
        from opulse.jobs.relay import Relay
        from opulse.jobs.stream_worker import StreamWorker
    except ModuleNotFoundError as error:
        raise ValueError("OPULSE_NATS_URL needs the client of NATS: install opulse[scale]") from error
    stream = JetStream(settings.nats_servers, process, lease)
    worker_on_stream = StreamWorker(
        ports.db, ports.clock, handlers, ports, stream, at_once=settings.job_workers, lease=lease
    )
    return [stream, Relay(ports.db, ports.clock, stream, process), Jobs(ports, worker_on_stream, alone=False)]


def make_carrier(ports: Ports, settings: Settings) -> Carries:
    """Who writes and sends the mails. Another process has the machine's clock alone."""
    own = Carrier(ports.relays, ports.clock)
    apart = {"on": True, "off": False, "auto": (os.cpu_count() or 1) > 1}[settings.mail_process]
    return CarrierProcess(own, settings.fault_file) if apart and isinstance(ports.clock, SystemClock) else own


def _lease(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.lease_seconds)


def _alone(ports: Ports) -> bool:
    """Whether no other process can be on this database."""
    return ports.db.dialect == "sqlite"
