"""Silences and causes: an activation opens whatever is muted, and nobody is told until they are over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import enqueue
from opulse.jobs.schedule import EVERYBODY
from opulse.monitoring.deliveries.jobs import MUTES_DUE
from opulse.tenancy.views import list_audit
from opulse.web.roles import Role
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Receiver, Wing, hang, open_wing
from tests.unit.monitoring.sensors.world import on

pytestmark = pytest.mark.stores


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


async def silence(wing: Wing, hours: float = 1, **names: str) -> str:
    now = wing.clock.now()
    body: dict[str, Any] = {
        "comment": "Everybody knows",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=hours)).isoformat(),
        **names,
    }
    answer = await wing.client.post("/api/v1/silences", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["silence_id"])


async def look(wing: Wing) -> None:
    """What the schedule does every ten seconds."""
    await wing.ports.db.write(enqueue, EVERYBODY, MUTES_DUE, {})
    await wing.work()


async def mute_of(wing: Wing, activation: str) -> dict[str, Any]:
    found: dict[str, Any] = (await wing.client.get(f"/api/v1/activations/{activation}/mute")).json()["mute"]
    return found


async def test_a_silence_keeps_recipients_from_being_told_until_it_is_over(
    wing: Wing, receiver: Receiver
) -> None:
    ids = await wing.put("a")
    await silence(wing)
    await wing.notify(recipients=[await wing.recipient(receiver.url)])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    (activation,) = await wing.activations()
    id_ = activation["activation_id"]
    assert activation["state"] == "active", "the fact is recorded"
    assert receiver.requests == []
    mute = await mute_of(wing, id_)
    assert (mute["reason"], mute["words"], mute["outcome"]) == ("silenced", "Everybody knows", "waiting")
    await look(wing)
    assert receiver.requests == []
    wing.clock.advance(3601)
    await look(wing)
    assert len(receiver.requests) == 1
    assert id_.encode() in receiver.requests[0].body
    assert (await mute_of(wing, id_))["outcome"] == "told"
    await look(wing)
    assert len(receiver.requests) == 1, "told once"


async def test_what_ends_while_it_is_muted_is_never_told_neither_its_beginning_nor_its_end(
    wing: Wing, receiver: Receiver
) -> None:
    ids = await wing.put("a")
    await silence(wing)
    await wing.notify(recipients=[await wing.recipient(receiver.url, tell_end=True)])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    (activation,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{activation['activation_id']}/dismiss")
    await wing.work()
    wing.clock.advance(3601)
    await look(wing)
    assert receiver.requests == []
    assert (await mute_of(wing, activation["activation_id"]))["outcome"] == "never_told"


async def test_ending_a_silence_early_tells_what_is_open(wing: Wing, receiver: Receiver) -> None:
    ids = await wing.put("a")
    id_ = await silence(wing)
    await wing.notify(recipients=[await wing.recipient(receiver.url)])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    assert (await wing.client.delete(f"/api/v1/silences/{id_}")).status_code == 204
    await look(wing)
    assert len(receiver.requests) == 1
    assert (await wing.client.delete(f"/api/v1/silences/{id_}")).status_code == 404
    assert (await wing.client.get("/api/v1/silences")).json() == {"silences": []}


async def test_what_does_not_match_is_told(wing: Wing, receiver: Receiver) -> None:
    ids = await wing.put("a")
    await silence(wing, sensor=RETRANSMIT)
    await wing.notify(recipients=[await wing.recipient(receiver.url)])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    assert len(receiver.requests) == 1
    (activation,) = await wing.activations()
    assert await mute_of(wing, activation["activation_id"]) is None


async def test_a_cause_mutes_its_symptom_until_it_is_over(wing: Wing, receiver: Receiver) -> None:
    ids = await wing.put("a")
    hook = await wing.recipient(receiver.url)
    cause = await wing.notify([RETRANSMIT], name="Network", recipients=[])
    symptom = await wing.notify([HANG], name="Hangs", recipients=[hook])
    body = {"cause": cause, "symptoms": [symptom]}
    inhibition = (await wing.client.post("/api/v1/inhibitions", json=body)).json()["inhibition_id"]
    await wing.trigger(on(ids["a"], RETRANSMIT))
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    assert receiver.requests == []
    [muted, network] = await wing.activations()
    mute = await mute_of(wing, muted["activation_id"])
    assert (mute["reason"], mute["words"]) == ("inhibited", "Network")
    await wing.client.post(f"/api/v1/activations/{network['activation_id']}/resolve")
    await look(wing)
    assert len(receiver.requests) == 1
    assert (await wing.client.delete(f"/api/v1/inhibitions/{inhibition}")).status_code == 204


async def test_a_symptom_that_came_first_was_told(wing: Wing, receiver: Receiver) -> None:
    ids = await wing.put("a")
    cause = await wing.notify([RETRANSMIT], name="Network")
    symptom = await wing.notify([HANG], name="Hangs", recipients=[await wing.recipient(receiver.url)])
    await wing.client.post("/api/v1/inhibitions", json={"cause": cause, "symptoms": [symptom]})
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    await wing.trigger(on(ids["a"], RETRANSMIT))
    await look(wing)
    assert len(receiver.requests) == 1


async def test_a_preview_names_what_would_be_hidden(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify([HANG], name="Hangs")
    await wing.notify([RETRANSMIT], name="Network")
    await wing.trigger(hang(ids["a"]))
    now = wing.clock.now()
    body = {
        "comment": "",
        "sensor": HANG,
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    found = (await wing.client.post("/api/v1/silences/preview", json=body)).json()["hidden"]
    assert [(one["name"], one["is_open"], one["count"]) for one in found] == [("Hangs", True, 1)]
    assert (await wing.client.get("/api/v1/silences")).json() == {"silences": []}, "a preview sets nothing"


async def test_the_pages_set_preview_and_end_all_three(wing: Wing) -> None:
    ids = await wing.put("a")
    first, second = await wing.notify(name="Hangs"), await wing.notify([RETRANSMIT], name="Network")
    await wing.trigger(hang(ids["a"]))
    everything = await wing.everything()
    async with wing.console(Role.EDITOR) as browser:
        form = {"comment": "Everybody knows", "notification": first, "lasts": "2h", "do": "preview"}
        preview = await browser.post("/silences/new", data=form)
        assert "Hangs" in preview.text
        assert "What it would hide now" in preview.text
        assert (await browser.post("/silences/new", data=form | {"do": "save"})).status_code == 303
        window = {
            "name": "Patches",
            "group_id": everything,
            "starts_at": "2099-03-02T22:00",
            "ends_at": "2099-03-02T23:00",
            "repeat": "weekly",
            "zone": "Europe/Berlin",
            "do": "save",
        }
        assert (await browser.post("/silences/windows/new", data=window)).status_code == 303
        refused = await browser.post("/silences/windows/new", data=window | {"ends_at": "2099-03-02T21:00"})
        assert refused.status_code == 422
        assert "It ends after it starts" in refused.text
        cause = {"cause": second, "symptom": [first]}
        assert (await browser.post("/silences/causes/new", data=cause)).status_code == 303
        refused = await browser.post("/silences/causes/new", data={"cause": first, "symptom": [second]})
        assert "nobody would ever be told" in refused.text
        listed = (await browser.get("/silences")).text
        assert "Everybody knows" in listed
        assert "Patches" in listed
        for address in re.findall(r'action="(/silences/[^"]+/(?:end|delete))"', listed):
            assert (await browser.post(address)).status_code == 303
            assert (await browser.post(address)).status_code == 404
        listed = (await browser.get("/silences")).text
        assert "Nothing is silenced" in listed
        assert "No window is planned" in listed
        assert "No cause is named" in listed
    async with wing.console(Role.VIEWER) as browser:
        assert (await browser.get("/silences")).status_code == 200
        assert (await browser.post("/silences/new", data=form)).status_code == 403


async def test_the_activations_page_says_why_nobody_was_told(wing: Wing) -> None:
    ids = await wing.put("a")
    await silence(wing)
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    (activation,) = await wing.activations()
    async with wing.console(Role.VIEWER) as browser:
        shown = (await browser.get(f"/activations/{activation['activation_id']}")).text
    assert "Nobody is told yet, because of a silence" in shown
    assert "Everybody knows" in shown


async def test_every_change_is_audited(wing: Wing) -> None:
    await wing.client.delete(f"/api/v1/silences/{await silence(wing)}")
    cause, symptom = await wing.notify(name="Network"), await wing.notify(name="Hangs")
    body = {"cause": cause, "symptoms": [symptom]}
    made = (await wing.client.post("/api/v1/inhibitions", json=body)).json()["inhibition_id"]
    await wing.client.delete(f"/api/v1/inhibitions/{made}")
    entries = await wing.ports.db.read(list_audit, wing.tenant, 4)
    assert [(entry["action"], entry["what"]) for entry in reversed(entries)][-2:] == [
        ("inhibition.set", "Network"),
        ("inhibition.deleted", "Network"),
    ]
    every = {entry["action"] for entry in await wing.ports.db.read(list_audit, wing.tenant, 50)}
    assert {"silence.set", "silence.ended"} <= every
