"""An incident in the middle of its pass, as rows: everybody reached and asked, a part has answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, Table

from opulse.clock import ManualClock
from opulse.db import chunked, insert_fast, stored_instant
from opulse.experience.directory.store.tables import contacts, directories
from opulse.experience.directory.views import change_groups, change_members, change_sets
from opulse.experience.distributions.models import LinkType, MessageSpec
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.responses.views import responses
from opulse.experience.workflows.views import traces, workflows
from opulse.monitoring.activations.models import Snapshot
from opulse.monitoring.activations.store.rows import Opening, insert_activation
from opulse.monitoring.notifications.models import ActivationOption, SensorChoice, Threshold
from opulse.monitoring.notifications.store import notifications
from opulse.monitoring.systems.store.tables import systems
from opulse.ports import Ports
from tests.unit.experience.impact.incident import (
    ACTIVATION,
    ASK,
    DIRECTORY,
    DISTRIBUTION,
    IN,
    RUN,
    TASK,
    Incident,
    guid,
)

_ROWS = 2_000
_ANSWERED = 4  # every fourth


async def build(ports: Ports, clock: ManualClock, tenant: int, people: int, survey: str) -> str:
    """Rows of an incident of ``people`` systems, one person at each; returns the activation's id."""
    incident, now = Incident(ports, clock, tenant), clock.now()
    await incident.put(notifications, id="N-1", name="Hang")
    snapshot = Snapshot(
        "Hang",
        "",
        (SensorChoice("Hang"),),
        "G",
        "All",
        Threshold(ActivationOption.ANY, Decimal(1)),
        (),
        people,
    )
    opening = Opening(ACTIVATION, "N-1", 1, snapshot, now, 1, BitMap(range(people)))
    await ports.db.write(insert_activation, tenant, opening)
    await incident.put(directories, id=DIRECTORY, name="People")
    for workflow, kind in ((IN, "json_event"), (ASK, "experience_id_change")):
        form = {"directory": DIRECTORY, "kinds": ["updated"]} if workflow == ASK else {}
        document = {"name": workflow, "trigger": {"type": kind, "form": form}, "tasks": []}
        trigger = {"trigger_type": kind, "url_token": workflow, "document": document}
        await incident.put(workflows, id=workflow, name=workflow, revision=1, enabled=True, **trigger)
    asked = {"survey": survey, "version": 1, "workflow": ASK, "task": "task1", "cause": ACTIVATION}
    await incident.put(
        distributions,
        id=DISTRIBUTION,
        activation=ACTIVATION,
        state="running",
        link_type=LinkType.INDIVIDUAL.value,
        language="contact",
        message=asdict(MessageSpec()),
        **asked,
    )
    await incident.fetching()
    await incident.put(
        change_sets, id="CS_1", directory=DIRECTORY, activation=ACTIVATION, wave=1, count=people
    )
    await incident.put(change_groups, change_set="CS_1", number=0, kind="updated", key="{}", count=people)
    trace = {"workflow": ASK, "change_set": "CS_1", "number": 0, "count": people, "activation": ACTIVATION}
    await incident.put(traces, matched=True, why_not="", **trace)
    for chunk in chunked(range(people), _ROWS):
        await ports.db.write(_people, tenant, chunk, survey, now)
    if ports.db.dialect == "postgresql":
        await ports.db.write(lambda conn: conn.exec_driver_sql("ANALYZE") and None)
    return ACTIVATION


def _people(conn: Connection, tenant: int, numbers: list[int], survey: str, now: datetime) -> None:
    for table, rows in (
        (
            systems,
            ({"idx": n, "guid": guid(n), "name": f"LT-{n:06d}", "name_key": f"lt-{n:06d}"} for n in numbers),
        ),
        (contacts, (_contact(n) for n in numbers)),
        (reach, (_reach(n) for n in numbers)),
        (change_members, ({"change_set": "CS_1", "contact": f"CID_{n}", "number": 0} for n in numbers)),
        (invitations, (_invitation(n, now) for n in numbers)),
        (responses, (_response(n, survey) for n in numbers if n % _ANSWERED == 0)),
    ):
        _insert(conn, table, tenant, rows, now)


def _contact(number: int) -> dict[str, Any]:
    email = f"p{number}@example.org"
    names = {"first_name": f"First{number}", "last_name": f"Last{number}", "ext_ref_key": f"corp\\p{number}"}
    return {"id": f"CID_{number}", "directory": DIRECTORY, "email": email, "email_key": email, **names}


def _reach(number: int) -> dict[str, Any]:
    return {
        "task_run": TASK,
        "run": RUN,
        "activation": ACTIVATION,
        "wave": 1,
        "system": guid(number),
        "system_name": f"LT-{number:06d}",
        "person": f"p{number}@example.org",
        "contact": f"CID_{number}",
        "reason": "reached",
    }


def _invitation(number: int, now: datetime) -> dict[str, Any]:
    email = f"p{number}@example.org"
    return {
        "id": f"{number:032x}",
        "distribution": DISTRIBUTION,
        "workflow": ASK,
        "cause": ACTIVATION,
        "activation": ACTIVATION,
        "contact": f"CID_{number}",
        "wave": 1,
        "state": "accepted",
        "email": email,
        "email_key": email,
        "sent_at": stored_instant(now),
        "expires_at": stored_instant(now + timedelta(hours=24)),
    }


def _response(number: int, survey: str) -> dict[str, Any]:
    return {
        "id": f"R_{number}",
        "invitation": f"{number:032x}",
        "individual": True,
        "distribution": DISTRIBUTION,
        "survey": survey,
        "version": 1,
        "activation": ACTIVATION,
        "state": "recorded",
        "revision": 1,
        "counted": 1,
    }


def _insert(
    conn: Connection, table: Table, tenant: int, rows: Iterator[dict[str, Any]], now: datetime
) -> None:
    """Rows with all columns: what a row does not say is the emptiest value of its kind."""
    at = stored_instant(now)
    empty: dict[str, Any] = {
        "Integer": 0,
        "BigInteger": 0,
        "Boolean": False,
        "JSON": "{}",
        "Text": "",
        "Instant": at,
    }
    columns = [one for one in table.columns if one.computed is None]
    blank = {one.name: None if one.nullable else empty.get(type(one.type).__name__, "") for one in columns}
    names = [one.name for one in columns]
    filled = [blank | {"tenant": tenant} | row for row in rows]
    insert_fast(conn, table, names, [tuple(row[name] for name in names) for row in filled])
