"""One snapshot of a tenant, in a fixed number of statements however large it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.directory.models import FieldKind, FieldScope
from opulse.experience.surveys.views import list_all_surveys
from opulse.experience.workflows import views as workflows
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.recipients.flow.saving import list_recipients_in
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.views import list_all_members, list_retired
from opulse.pulses.doctor.facts import Facts, Place
from opulse.pulses.doctor.views import read_people
from opulse.tenancy import views as tenancy


def gather(conn: Connection, tenant: int, place: Place, now: datetime) -> Facts:
    """Everything but what is seen outside."""
    return replace(gather_set_up(conn, tenant, place, now), people=read_people(conn, tenant))


def gather_set_up(conn: Connection, tenant: int, place: Place, now: datetime) -> Facts:
    """What is configured, without counts over people: it costs the same however many there are."""
    retired = list_retired(conn, tenant)
    directories = directory.list_directories(conn, tenant)  # a handful: each has its rules and fields
    alarms = [
        directory.find_declared(conn, tenant, one.id, FieldScope.CONTACT).get("lastalarm")
        for one in directories
    ]
    return Facts(
        now=now,
        place=place,
        tenant=tenancy.find_tenant(conn, tenant),
        notifications=tuple(list_notifications(conn, tenant)),
        recipients=tuple(list_recipients_in(conn, tenant)),
        workflows=tuple(workflows.list_workflows(conn, tenant)),
        sensors={one.name: one.enabled for one in list_sensors(conn, tenant)},
        members={idx: len(found - retired) for idx, found in list_all_members(conn, tenant).items()},
        lists={one.id: one for one in directory.list_lists(conn, tenant)},
        rules={one.id: tuple(directory.list_rules(conn, tenant, one.id)) for one in directories},
        surveys={one.id: one for one in list_all_surveys(conn, tenant)},
        keys=tuple(tenancy.list_keys(conn, tenant)),
        service_accounts=tuple(tenancy.list_accounts(conn, tenant)),
        accounts={one["id"]: one["fields"] for one in workflows.list_accounts(conn, tenant)},
        text_alarm=any(one is not None and one.kind is FieldKind.TEXT for one in alarms),
    )
