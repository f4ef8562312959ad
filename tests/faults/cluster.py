"""The product spread over processes that share a PostgreSQL, with or without a NATS cluster, and one incident per name on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.faults.evidence import Evidence, mails_of
from tests.faults.installation import SETTLED, Installation
from tests.faults.verdict import everything_went_well, nothing_is_there_twice
from tests.faults.world import AT_ACTIVATION, Incident, batch_of, make_tenant, make_world, report
from tests.servers.namespace import Namespace
from tests.servers.nats import NatsCluster
from tests.servers.opulse import OpulseProcess, WorkProcess
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port
from tests.servers.smtp import SmtpSink

LEASE_SECONDS = 3


class Cluster:
    """A web process that only serves, and as many ``opulse work`` as ``workers`` names (name → queues)."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        workers: dict[str, str],
        *,
        nats: NatsCluster | None = None,
        far: Namespace | None = None,
        **options: object,
    ) -> None:
        """``far``: a second host that reaches all servers at its address of this machine; those in ``workers`` stay here."""
        address = far.address if far else "127.0.0.1"
        listen = (f"listen_addresses=127.0.0.1,{address}",) if far else ()
        self.postgres = PostgresServer(*listen, durable=True)
        if far:
            self.postgres.trust(far.network)
        self.sink = SmtpSink(address="" if far else "127.0.0.1")
        self.data = folder / "data"
        self.database = self.postgres.url(self.postgres.create_database()).replace("127.0.0.1", address)
        port = free_port()
        self.options: dict[str, object] = {
            "database_url": self.database,
            "nats_url": nats.url if nats else "",
            "host": address,
            "public_url": f"http://{address}:{port}",
            "smtp_host": address,
            "smtp_port": self.sink.port,
            "smtp_security": "none",
            "smtp_connections": 2,
            "mail_from": "pulse@acme.example",
            "tick_seconds": 1,
            "wave_seconds": 1,
            "lease_seconds": LEASE_SECONDS,
            "log_format": "text",
            "fault_file": folder / "die-at",
            **options,
        }
        self._fault = folder / "die-at"
        key = make_tenant(self.data, database_url=self.database)
        self.web = OpulseProcess(self.data, port=port, queues="", **self.options)
        self.workers = {name: self.worker(name, queues) for name, queues in workers.items()}
        self.installation: Installation[OpulseProcess] = Installation(self.web, self.database, self.sink, key)
        self._names = names

    def worker(self, name: str, queues: str, *, inside: Sequence[str] = (), **options: object) -> WorkProcess:
        return WorkProcess(self.data, name, queues, inside=inside, **{**self.options, **options})

    def start(self) -> None:
        self.web.start()
        for worker in self.workers.values():
            worker.spawn()
        for worker in self.workers.values():
            worker.wait()
        self.installation.incidents = asyncio.run(self._make_world())

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.kill()
        self.web.kill()
        self.sink.remove()
        self.postgres.stop()

    async def _make_world(self) -> dict[str, Incident]:
        async with self.installation.api() as client:
            return await make_world(client, client, self._names)

    def doom(self, point: str) -> None:
        """The first process that passes the point dies there, or stops (``stop <point>``)."""
        self._fault.write_text(point, encoding="utf-8")

    async def victim(self) -> WorkProcess:
        """The worker that met its doom, as soon as one has."""
        until = time.monotonic() + SETTLED
        while True:
            for worker in self.workers.values():
                if worker.state in (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED, psutil.STATUS_DEAD):
                    return worker
            assert time.monotonic() < until, "nobody passed the point"
            await asyncio.sleep(0.05)

    async def begin(self, name: str) -> Incident:
        """Systems report: what follows is the work of all processes. Sent again until it is answered, as an agent does."""
        incident = self.installation.incidents[name]
        batch = batch_of(next(self.installation.seq), incident.first)
        while not await report(self.web.url, self.installation.key, batch):  # noqa: ASYNC110  # until it is answered
            await asyncio.sleep(0.2)
        return incident

    async def _delivered(self, incident: Incident, activation: str) -> Evidence:
        """Its evidence, once the webhook's row says delivered: who took it over may write that after the mails have left."""
        until = time.monotonic() + SETTLED
        while True:
            evidence = await self.installation.gather(incident, activation)
            if "waiting" not in evidence.deliveries or time.monotonic() > until:
                return evidence
            await asyncio.sleep(0.2)

    async def ends_well(self, incident: Incident) -> float:
        """Wait for its end, then hold it against everything that must hold. Seconds of waiting."""
        begin = time.monotonic()
        activation = await self.installation.activation_of(incident)
        await self.installation.settle(activation, AT_ACTIVATION)
        seconds = time.monotonic() - begin
        evidence = await self._delivered(incident, activation)
        mails = mails_of(self.sink, incident.people)
        asked = {who for who in incident.people if who in evidence.invitations}
        nothing_is_there_twice(evidence, mails)
        everything_went_well(evidence)
        assert {one.state for one in evidence.invitations.values()} == {"accepted"}
        assert asked == mails.keys(), "whoever was asked has the mail, and nobody else"
        ledger = await self.installation.ledger(activation)
        assert sum(ledger["states"].values()) == ledger["total"] == evidence.ever == evidence.reached
        return seconds
