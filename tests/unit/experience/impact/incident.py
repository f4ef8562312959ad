"""One incident as rows: what the stages would have left behind, put there directly, so that every branch can be told apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, Table, insert, update

from opulse.bootstrap.stages import import_stores
from opulse.clock import ManualClock
from opulse.experience.directory.store.tables import directories
from opulse.experience.directory.views import change_groups, change_members, change_sets, contacts
from opulse.experience.distributions.models import MessageSpec
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.responses.views import responses
from opulse.experience.workflows.views import runs, task_runs, traces, workflows
from opulse.monitoring.activations.models import Snapshot
from opulse.monitoring.activations.store.rows import Opening, insert_activation
from opulse.monitoring.activations.store.tables import activations
from opulse.monitoring.deliveries.store import deliveries
from opulse.monitoring.notifications.models import ActivationOption, SensorChoice, Threshold
from opulse.monitoring.notifications.store import notifications
from opulse.monitoring.systems.store.tables import systems
from opulse.ports import Ports
from opulse.tenancy.flow.tenants import create_tenant

import_stores()

ACTIVATION = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
IN, ASK = "WF_receive", "WF_ask"
RUN, TASK = "RUN_receive", "TR_receive"
DIRECTORY, DISTRIBUTION = "POOL_1", "EMD_1"


@dataclass
class Incident:
    """An activation of ``ever`` systems that are numbered from 0."""

    ports: Ports
    clock: ManualClock
    tenant: int
    made: int = 0

    async def put(self, table: Table, **values: Any) -> None:
        """A row with ``values``; a column that must hold something and is not named gets the emptiest value of its kind."""
        await self.ports.db.write(insert_row, table, {"tenant": self.tenant, **values}, self.clock.now())

    async def change(self, table: Table, **values: Any) -> None:
        """Every row of the tenant in ``table``."""

        def unit(conn: Connection) -> None:
            conn.execute(update(table).where(table.c.tenant == self.tenant).values(values))

        await self.ports.db.write(unit)

    async def contact(self, number: int, **values: Any) -> str:
        contact = f"CID_{number}"
        email = f"p{number}@example.org"
        names = {
            "first_name": f"First{number}",
            "last_name": f"Last{number}",
            "ext_ref_key": f"corp\\p{number}",
        }
        await self.put(
            contacts, id=contact, directory=DIRECTORY, email=email, email_key=email, **names, **values
        )
        return contact

    async def reached(self, system: int, number: int, *, reason: str = "reached", **values: Any) -> None:
        """System ``system`` led to person ``number``, whose contact is there unless ``reason`` says otherwise."""
        row = {
            "task_run": TASK,
            "run": RUN,
            "activation": ACTIVATION,
            "wave": 1,
            "system": guid(system),
            "system_name": f"LT-{system:04d}",
            "person": "" if reason == "no_user" else f"p{number}@example.org",
            "contact": f"CID_{number}" if reason == "reached" else "",
            "reason": reason,
        }
        await self.put(reach, **(row | values))

    async def invited(self, number: int, state: str = "accepted", reason: str = "", **values: Any) -> str:
        """Person ``number`` has an invitation in this state. Returns its id."""
        self.made += 1
        invitation = f"{self.made:032x}"
        row = {
            "id": invitation,
            "distribution": DISTRIBUTION,
            "workflow": ASK,
            "cause": ACTIVATION,
            "activation": ACTIVATION,
            "contact": f"CID_{number}",
            "wave": self.made,
            "state": state,
            "reason": reason,
            "email": f"p{number}@example.org",
            "email_key": f"p{number}@example.org",
            "expires_at": self.clock.now() + timedelta(hours=24),
        }
        await self.put(invitations, **(row | values))
        return invitation

    async def responded(
        self, invitation: str, state: str, answers: dict[str, Any] | None = None, **values: Any
    ) -> str:
        self.made += 1
        response = f"R_{self.made}"
        row = {
            "id": response,
            "invitation": invitation,
            "individual": True,
            "distribution": DISTRIBUTION,
            "survey": "SV_1",
            "version": 1,
            "activation": ACTIVATION,
            "state": state,
            "answers": answers or {},
            "revision": 1,
        }
        await self.put(responses, **(row | values))
        return response

    async def changed(
        self, number: int, *, traced: bool | None = None, why_not: str = "", run: str = ""
    ) -> None:
        """A change set about person ``number``; with a trace (``traced``: whether it matched) and the run it started."""
        self.made += 1
        change = f"CS_{self.made}"
        await self.put(change_sets, id=change, directory=DIRECTORY, activation=ACTIVATION, wave=1, count=1)
        await self.put(change_groups, change_set=change, number=0, kind="updated", key="{}", count=1)
        await self.put(change_members, change_set=change, contact=f"CID_{number}", number=0)
        if traced is not None:
            trace = {"workflow": ASK, "change_set": change, "number": 0, "count": 1, "activation": ACTIVATION}
            await self.put(traces, matched=traced, why_not=why_not, **trace)
        if run:
            selection = {"change_set": change, "groups": [0], "count": 1}
            await self.put(
                runs,
                id=f"RUN_{self.made}",
                workflow=ASK,
                event_key=change,
                state=run,
                activation=ACTIVATION,
                wave=1,
                chain=[],
                selection=selection,
            )

    async def fetching(self, state: str = "succeeded", key: str = ACTIVATION, **output: Any) -> None:
        """The run that fetches the affected systems, with its one task."""
        started = {"activation": ACTIVATION, "wave": 1, "chain": []}
        await self.put(runs, id=RUN, workflow=IN, event_key=key, state=state, **started)
        row = {"run": RUN, "task": "task1", "type": "operational_pulse", "output": output}
        await self.put(task_runs, id=TASK, state="running" if state == "queued" else state, **row)

    async def told(self, state: str, event_type: str = "SensorNotification.Activated") -> None:
        self.made += 1
        row = {"id": f"D{self.made}", "activation": ACTIVATION, "recipient": f"R{self.made}", "reason": "new"}
        await self.put(deliveries, event_type=event_type, state=state, body=b"{}", **row)

    async def close(self, at: datetime | None = None) -> None:
        await self.change(activations, state="resolved", resolution="auto", closed_at=at or self.clock.now())


def guid(system: int) -> str:
    return f"00000000-0000-4000-8000-{system:012d}"


async def begin(ports: Ports, clock: ManualClock, ever: int) -> Incident:
    """A tenant, the activation, and what the rows hang on: directory, workflows, distribution. Nobody is reached yet."""
    tenant = await create_tenant(ports, "Acme", "test")
    incident = Incident(ports, clock, tenant.id)
    await furnish(incident, ever)
    return incident


async def furnish(incident: Incident, ever: int) -> None:
    """See :func:`begin`; in a tenant that is there already."""
    await open_activation(incident, ever)
    await incident.put(directories, id=DIRECTORY, name="People")
    for workflow, kind in ((IN, "json_event"), (ASK, "experience_id_change")):
        form = {"directory": DIRECTORY, "kinds": ["updated"]} if workflow == ASK else {}
        document = {"name": workflow, "trigger": {"type": kind, "form": form}, "tasks": []}
        await incident.put(
            workflows,
            id=workflow,
            name=workflow,
            revision=1,
            enabled=True,
            trigger_type=kind,
            url_token=workflow,
            document=document,
        )
    await incident.put(
        distributions,
        id=DISTRIBUTION,
        survey="SV_1",
        version=1,
        workflow=ASK,
        task="task1",
        cause=ACTIVATION,
        activation=ACTIVATION,
        state="running",
        link_type="individual",
        message=asdict(MessageSpec()),
    )


async def open_activation(incident: Incident, ever: int, activation: str = ACTIVATION, more: int = 0) -> None:
    """The other wing's rows: a notification, ``ever + more`` systems, and the activation of the first ``ever`` of them."""
    await incident.put(notifications, id="N-1", name="Hang")
    for number in range(ever + more):
        name = f"LT-{number:04d}"
        await incident.put(systems, idx=number, guid=guid(number), name=name, name_key=name.lower())
    threshold = Threshold(ActivationOption.ANY, Decimal(1))
    sensors = (SensorChoice("Application Hang"),)
    snapshot = Snapshot("Hang", "", sensors, "G", "All Systems", threshold, (), ever)
    now = incident.clock.now()
    opening = Opening(activation, "N-1", 1, snapshot, now, 1, BitMap(range(ever)))
    await incident.ports.db.write(insert_activation, incident.tenant, opening)


def insert_row(
    conn: Connection,
    table: Table,
    values: dict[str, Any],
    now: datetime,
    only: Collection[str] | None = None,
) -> None:
    """See :meth:`Incident.put`. ``only``: the columns that the table has in an older schema; None: all."""
    filled = {
        column.name: _empty(column, now)
        for column in table.columns
        if column.name not in values
        and (only is None or column.name in only)
        and not column.nullable
        and column.server_default is None
        and not (column.primary_key and column.autoincrement is True)
    }
    conn.execute(insert(table).values({**filled, **values}))


def _empty(column: Any, now: datetime) -> Any:
    kind = column.type.__class__.__name__
    empty: dict[str, Any] = {
        "Integer": 0,
        "BigInteger": 0,
        "Boolean": False,
        "JSON": {},
        "LargeBinary": b"",
        "Float": 0.0,
    }
    return now if kind == "Instant" else empty.get(kind, "")
