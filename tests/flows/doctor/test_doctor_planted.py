"""Faults as users cause them, by the public API and the pages' flows, each found; and gone again when it is mended.

One healthy set-up serves them all: each is planted, looked for, taken back, and the set-up is healthy again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update

from opulse.clock import ManualClock
from opulse.mail.models import Relay, Security
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.store.tables import recipients
from opulse.monitoring.sensors.flow.catalogue import change_sensor
from opulse.ports import Ports
from opulse.pulses.doctor import Kind
from opulse.pulses.doctor.facts import Facts, Outside, Place
from opulse.pulses.doctor.flow.diagnosing import facts_in
from opulse.pulses.doctor.rules import examine
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.tenancy.flow.tenants import change_tenant
from opulse.tenancy.store.keys import keys
from tests.flows.doctor.world import World, open_world, with_relay
from tests.servers.smtp import SmtpSink

Plant = Callable[[World], Any]
K = Kind
NOBODY = {"name": "PC-X", "users": [{"user_id": f"ACME\\{n}", "is_primary": True} for n in range(40)]}


def in_asker(change: Callable[[dict[str, Any]], object]) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        whole = await world.asker()
        changed = deepcopy(whole)
        change(changed)
        await world.save_asker(changed)
        yield
        await world.save_asker(whole)

    return plant


def in_receiver(change: Callable[[dict[str, Any]], object]) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        whole = await world.receiver()
        changed = deepcopy(whole)
        change(changed)
        await world.save_receiver(changed)
        yield
        await world.save_receiver(whole)

    return plant


def in_notification(**changes: Any) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        path = f"/api/v1/notifications/{world.made.scenarios[0].notification}"
        whole = await world.api.get(path)
        await world.api.put(path, {**whole, **changes})
        yield
        await world.api.put(path, whole)

    return plant


def switched(path: Callable[[World], str], off: str, on: str) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        await world.api.post(f"{path(world)}/{off}")
        yield
        await world.api.post(f"{path(world)}/{on}")

    return plant


def in_tenant(broken: dict[str, Any], whole: dict[str, Any]) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        await world.api.patch("/api/v1/tenant", broken)
        yield
        await world.api.patch("/api/v1/tenant", whole)

    return plant


def in_recipient(**changes: Any) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        path = f"/api/v1/recipients/{world.made.recipient}"
        whole = await world.api.get(path)
        await world.api.put(path, {**whole, **changes})
        yield
        token = {"name": "X-API-TOKEN", "value": world.made.recipient_key, "sensitive": True}
        await world.api.put(path, {**whole, "headers": [token]})

    return plant


def with_ports(change: Callable[[Ports], Ports]) -> Plant:
    @asynccontextmanager
    async def plant(world: World) -> AsyncIterator[None]:
        whole, world.ports = world.ports, change(world.ports)
        yield
        world.ports = whole

    return plant


@asynccontextmanager
async def copied(world: World) -> AsyncIterator[None]:
    made = await world.api.post("/api/v1/workflows", {**await world.asker(), "name": "A copy"})
    yield
    await world.api.delete(f"/api/v1/workflows/{made['id']}")


@asynccontextmanager
async def orphan(world: World) -> AsyncIterator[None]:
    document = await world.asker()
    document["conditions"]["items"] = [_line("Possible Battery Issues")]
    made = await world.api.post("/api/v1/workflows", document)
    yield
    await world.api.delete(f"/api/v1/workflows/{made['id']}")


@asynccontextmanager
async def unasked(world: World) -> AsyncIterator[None]:
    path = f"/api/v1/notifications/{world.made.scenarios[0].notification}"
    body = {
        **await world.api.get(path),
        "name": "Batteries",
        "sensors": [{"name": "Possible Battery Issues"}],
        "needed_sensors": 1,
    }
    made = await world.api.post("/api/v1/notifications", body)
    yield
    await world.api.delete(f"/api/v1/notifications/{made['notification_id']}")


@asynccontextmanager
async def sensor_off(world: World) -> AsyncIterator[None]:
    await change_sensor(world.ports, world.tenant, "Application Hang", "test", enabled=False)
    yield
    await change_sensor(world.ports, world.tenant, "Application Hang", "test", enabled=True)


@asynccontextmanager
async def strict_rule(world: World) -> AsyncIterator[None]:
    path = f"/api/v1/directories/{world.directory}/frequency-rules"
    await world.api.put(path, {"rules": [{"kind": "min_gap", "period_seconds": 30 * 86_400}]})
    yield
    await world.api.put(path, {"rules": [{"kind": "one_per_activation"}]})


@asynccontextmanager
async def another_list(world: World) -> AsyncIterator[None]:
    path = f"/api/v1/directories/{world.directory}/mailing-lists"
    made = await world.api.post(path, {"name": "Others"})
    async with in_asker(lambda d: d["tasks"][0]["form"].update(contact_list=made["id"]))(world):
        yield


@asynccontextmanager
async def another_directory(world: World) -> AsyncIterator[None]:
    made = await world.api.post("/api/v1/directories", {"name": "Others"})
    async with in_asker(lambda d: d["trigger"]["form"].update(directory=made["id"]))(world):
        yield


@asynccontextmanager
async def new_unheard(world: World) -> AsyncIterator[None]:
    makes = in_receiver(lambda d: d["tasks"][0]["form"].update(create_contacts="true"))
    deaf = in_asker(lambda d: d["trigger"]["form"].update(kinds=["updated"]))
    async with makes(world), deaf(world):
        yield


@asynccontextmanager
async def an_old_body(world: World) -> AsyncIterator[None]:
    """The form refuses it today, so it comes as in a restored backup: below the form."""
    theirs = (recipients.c.tenant == world.tenant) & (recipients.c.id == world.made.recipient)
    read = select(recipients.c.webhook).where(theirs)
    whole = await world.ports.db.read(lambda conn: conn.execute(read).scalar_one())
    old = update(recipients).where(theirs).values(webhook={**whole, "body": "sensor: @{sensorNames}"})
    await world.ports.db.write(lambda conn: conn.execute(old).rowcount)
    yield
    back = update(recipients).where(theirs).values(webhook=whole)
    await world.ports.db.write(lambda conn: conn.execute(back).rowcount)


@asynccontextmanager
async def written_by_others(world: World) -> AsyncIterator[None]:
    """No task of ours tells one incident from the next, and the mail does not either."""
    whole = await world.receiver()
    await world.api.delete(f"/api/v1/workflows/{world.made.pulse_workflow}")
    yield
    made = await world.api.post("/api/v1/workflows", whole)
    path = f"/api/v1/recipients/{world.made.recipient}"
    token = {"name": "X-API-TOKEN", "value": world.made.recipient_key, "sensitive": True}
    told = {**await world.api.get(path), "url": made["trigger_url"], "headers": [token]}
    await world.api.put(path, told)
    world.made = msgspec.structs.replace(world.made, pulse_workflow=made["id"])


@asynccontextmanager
async def asked_hourly(world: World) -> AsyncIterator[None]:
    document = await world.asker()
    document["name"], document["conditions"]["items"] = "Every hour", []
    document["trigger"] = {"type": "schedule", "form": {"preset": "hourly", "time": "00:10", "zone": "UTC"}}
    document["trigger"]["form"]["list"] = world.made.mailing_list
    made = await world.api.post("/api/v1/workflows", document)
    yield
    await world.api.delete(f"/api/v1/workflows/{made['id']}")


@asynccontextmanager
async def restored(world: World) -> AsyncIterator[None]:
    """What ``opulse restore`` does to each tenant before the database is in its place."""
    await change_tenant(world.ports, world.tenant, "restore", hold_after_restore=True)
    yield
    await world.api.patch("/api/v1/tenant", {"hold_after_restore": False})


def _line(name: str, **more: Any) -> dict[str, Any]:
    return {"field": "lastAlarm", "side": "current", "operator": "contains", "operand": name, **more}


def _conditions(*lines: dict[str, Any], mode: str = "all") -> Plant:
    return in_asker(lambda d: d.update(conditions={"mode": mode, "items": list(lines)}))


def _relay(**settings: Any) -> Plant:
    relay = Relay(**{"host": "127.0.0.1", "port": 9, "security": Security.OFF, **settings})
    return with_ports(lambda ports: replace(ports, relay=lambda: relay))


HANG, NET = _line("Application Hang"), _line("High Retransmission Rate")

PLANTED: tuple[tuple[Kind, Plant], ...] = (
    (K.SENSOR_MISSING, _conditions(HANG)),
    (K.SENSOR_EXTRA, in_notification(sensors=[{"name": "Application Hang"}], needed_sensors=1)),
    (K.SENSOR_UNKNOWN, _conditions(HANG, _line("High Retransmision Rate"))),
    (K.SENSOR_OFF, sensor_off),
    (K.NO_WORKFLOW, unasked),
    (K.NO_NOTIFICATION, orphan),
    (K.ASKED_TWICE, copied),
    (K.ANY_SENSOR, _conditions(HANG, NET, mode="any")),
    (K.NO_CONDITIONS, _conditions()),
    (K.PREVIOUS_SIDE, _conditions(HANG, {**NET, "side": "previous"})),
    (K.REPEATING_ALARM, _conditions(HANG, NET, _line("", operator="has_changed"))),
    (K.NOT_LISTENING, in_asker(lambda d: d["trigger"]["form"].update(kinds=["created"]))),
    (K.OTHER_DIRECTORY, another_directory),
    (
        K.WORKFLOW_OFF,
        switched(lambda w: f"/api/v1/workflows/{w.made.scenarios[0].workflow}", "disable", "enable"),
    ),
    (K.SURVEY_NOT_OPEN, switched(lambda w: f"/api/v1/surveys/{w.made.scenarios[0].survey}", "close", "open")),
    (K.OTHER_LIST, another_list),
    (K.NEW_CONTACTS_UNHEARD, new_unheard),
    (K.SAME_MAIL, written_by_others),
    (K.SAME_MAIL, asked_hourly),
    (K.TELLS_NOBODY, in_notification(recipients=[])),
    (K.NEVER_ACTIVATES, in_notification(schedule={"preset": "never", "zone": "UTC"})),
    (K.RECIPIENT_OFF, switched(lambda w: f"/api/v1/recipients/{w.made.recipient}", "disable", "enable")),
    (K.WEBHOOK_NOWHERE, in_recipient(url="http://test/inbound-event/v1/events/json/triggers?urlTokenId=x")),
    (K.RECEIVER_OFF, switched(lambda w: f"/api/v1/workflows/{w.made.pulse_workflow}", "disable", "enable")),
    (K.BODY_NOT_JSON, an_old_body),
    (
        K.BODY_LACKS_PATH,
        in_recipient(body='{"data": {"systemsAtActivationURL": "@{systemsAtActivationURL}"}}'),
    ),
    (K.TOKEN_NOT_SENT, in_recipient(headers=[])),
    (K.EVENT_OPEN, in_receiver(lambda d: d["trigger"]["form"].update(authentication="open"))),
    (K.FIELD_NOT_READ, in_receiver(lambda d: d["trigger"]["form"]["fields"][1].update(name="Sensors"))),
    (K.CLOUD_URL_DIFFERS, in_receiver(lambda d: d["tasks"][0]["form"].update(cloud_url="cloud.test"))),
    (
        K.TOKEN_URL_UNSAFE,
        in_receiver(lambda d: d["tasks"][0]["form"].update(token_url="http://cloud.test/token")),
    ),
    (K.CLIENT_ID_DIFFERS, in_receiver(lambda d: d["tasks"][0]["form"].update(client_id="another"))),
    (K.FATIGUE_TOO_STRICT, strict_rule),
    (K.MAIL_CLOSED, in_tenant({"mail_open": False}, {"mail_open": True})),
    (K.MAIL_STOPPED, in_tenant({"mail_paused": True}, {"mail_paused": False})),
    (K.MAIL_HELD, restored),
    (K.CAP_TOO_LOW, in_tenant({"cap_per_activation": 2}, {"cap_per_activation": 10_000})),
    (K.NO_RELAY, with_ports(lambda ports: replace(ports, relay=lambda: None))),
    (K.RELAY_FAILS, _relay()),
)


async def test_each_fault_is_found_and_gone_when_it_is_mended(ports: Ports, smtp_sink: SmtpSink) -> None:
    missed = []
    async with open_world(with_relay(ports, smtp_sink.port)) as world:
        assert await world.kinds() == set()
        for kind, plant in PLANTED:
            async with plant(world):
                found = await world.kinds()
                if kind not in found:
                    missed.append((kind, found))
            left = await world.kinds()
            assert left == set(), (kind, left)
    assert missed == []


def test_the_list_has_25_faults_at_least() -> None:
    assert len({kind for kind, _ in PLANTED}) >= 25


async def test_people_whom_nobody_can_ask(ports: Ports, smtp_sink: SmtpSink) -> None:
    async with open_world(with_relay(ports, smtp_sink.port)) as world:
        await world.api.put("/api/v1/systems", {"systems": [NOBODY]})
        mailed = [{"user_id": f"x{n}", "email": f"x{n}@acme.example", "is_primary": True} for n in range(40)]
        await world.api.put("/api/v1/systems", {"systems": [{"name": "PC-Y", "users": mailed}]})
        people = [{"ext_ref": f"n{n}", "embedded_data": {"lastAlarm": "Application Hang"}} for n in range(40)]
        await world.api.post(
            f"/api/v1/directories/{world.directory}/contacts:bulk",
            {"contacts": people, "mailing_list": world.made.mailing_list},
        )
        services = await world.api.get("/api/v1/service-accounts")
        account = next(iter(services.values()))[0] if isinstance(services, dict) else services[0]
        await world.api.delete(f"/api/v1/service-accounts/{account['id']}")
        assert {
            K.USERS_WITHOUT_EMAIL,
            K.USERS_WITHOUT_CONTACT,
            K.CONTACTS_WITHOUT_EMAIL,
            K.STALE_ALARM,
            K.ACCOUNT_UNKNOWN,
        } <= await world.kinds()


async def test_keys_that_end(ports: Ports, clock: ManualClock, smtp_sink: SmtpSink) -> None:
    async with open_world(with_relay(ports, smtp_sink.port)) as world:
        expiry = max(key.expires_at for key in await _keys(world))
        clock.advance((expiry - timedelta(days=3) - clock.now()).total_seconds())
        assert K.KEY_EXPIRES in await world.kinds()
        used = next(key for key in await _keys(world) if key.name == "Webhook of the sensor notifications")
        theirs = keys.c.id == used.id
        seen = update(keys).where(theirs).values(last_used=clock.now())
        await ports.db.write(lambda conn: conn.execute(seen).rowcount)
        clock.advance(timedelta(days=4).total_seconds())
        assert K.KEY_EXPIRED in await world.kinds()


async def _keys(world: World) -> list[Any]:
    from opulse.tenancy.views import list_keys

    return await world.ports.db.read(list_keys, world.tenant)


async def test_a_relay_on_another_machine(ports: Ports, smtp_sink: SmtpSink) -> None:
    """Nothing is connected to: what was seen is given, and the checks are asked."""
    async with open_world(with_relay(ports, smtp_sink.port)) as world:
        facts = await ports.db.read(facts_in, ports, world.tenant)
    away = Place("http://127.0.0.1:8080", "http://127.0.0.1:8080", "relay.acme.example", relay_in_clear=True)
    slow = Outside(clocks={"the database": 300.0, "https://cloud.example": -3.0})
    found = {finding.kind for finding in examine(replace(facts, place=away, outside=slow))}
    assert {K.RELAY_IN_CLEAR, K.LOCAL_ADDRESS, K.CLOCK_DIFFERS} <= found
    assert K.CLOCK_DIFFERS not in {
        f.kind for f in examine(replace(facts, outside=Outside(clocks={"x": -29.0})))
    }
    long = replace(facts, text_alarm=True, notifications=(*facts.notifications, _with_longer_name(facts)))
    assert K.PART_OF_NAME in {finding.kind for finding in examine(long)}


def _with_longer_name(facts: Facts) -> Notification:
    one = facts.notifications[0]
    return replace(one, id="longer", sensors=(replace(one.sensors[0], name="Critical Application Hang"),))


def test_every_kind_has_its_words() -> None:
    assert CARDS.keys() == set(Kind)
