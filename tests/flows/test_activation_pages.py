"""Activations in the console: the list, the details with every attempt, ending by hand, who was affected."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.web.roles import Role
from tests.edges.console import text_of
from tests.unit.monitoring.activations.world import Receiver, Wing, hang, open_wing
from tests.unit.monitoring.sensors.world import on


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(400, answer=b"<b>no such token</b>")
    yield made
    made.stop()


async def opened(wing: Wing, *recipients: str, systems: int = 1) -> str:
    names = [f"s{number:03}" for number in range(systems)]
    ids = await wing.put(*names)
    await wing.notify(option="number", value=systems, recipients=recipients)
    await wing.trigger(*[hang(ids[name]) for name in names])
    await wing.work()
    (activation,) = await wing.activations()
    return str(activation["activation_id"])


async def test_listed_opened_and_dismissed(wing: Wing) -> None:
    async with wing.console() as client:
        assert "No activation" in (await client.get("/activations")).text
        activation = await opened(wing)
        assert f'href="/activations/{activation}"' in (await client.get("/activations?state=active")).text
        assert (
            f'href="/activations/{activation}"' not in (await client.get("/activations?state=resolved")).text
        )
        page = (await client.get(f"/activations/{activation}")).text
        assert "Nobody was told" in page
        assert "1 system currently reporting" in page
        assert f"/api/sensornotifications/activations/{activation}/systems/atactivation" in page
        answer = await client.post(f"/activations/{activation}/dismiss")
        assert answer.headers["location"] == f"/activations/{activation}"
        page = (await client.get(f"/activations/{activation}")).text
        assert "Dismissed. It fires again" in page
        assert 'popovertarget="dismiss"' not in page


async def test_a_dead_letter_shows_its_attempt_escaped_and_is_sent_again(
    wing: Wing, receiver: Receiver
) -> None:
    activation = await opened(wing, await wing.recipient(receiver.url))
    async with wing.console() as client:
        page = (await client.get(f"/activations/{activation}")).text
        assert "&lt;b&gt;no such token&lt;/b&gt;" in page
        assert "answered 400" in page
        (told,) = (await wing.client.get(f"/api/v1/activations/{activation}/deliveries")).json()["deliveries"]
        answer = await client.post(f"/deliveries/{told['delivery_id']}/send-again")
        assert answer.headers["location"] == f"/activations/{activation}"
        await wing.work()
        assert len(receiver.requests) == 2
        assert "Send again" not in (await client.get(f"/activations/{activation}")).text


async def test_affected_systems_are_paged_and_name_no_person(wing: Wing) -> None:
    activation = await opened(wing, systems=53)
    async with wing.console(Role.VIEWER) as client:
        first = (await client.get(f"/activations/{activation}/systems")).text
        assert "1 to 50 of 53" in first
        assert f"/activations/{activation}/systems?which=currentlyaffected&amp;skip=50" in first
        second = (await client.get(f"/activations/{activation}/systems?which=atactivation&skip=50")).text
        assert "51 to 53 of 53" in second
        assert "Next" not in second


async def test_a_viewer_ends_nothing_and_another_tenant_sees_nothing(wing: Wing, receiver: Receiver) -> None:
    activation = await opened(wing, await wing.recipient(receiver.url))
    async with wing.console(Role.VIEWER) as viewer:
        for verb in ("dismiss", "resolve"):
            assert (await viewer.post(f"/activations/{activation}/{verb}")).status_code == 403
        assert "Send again" not in (await viewer.get(f"/activations/{activation}")).text
    async with open_wing(wing.ports.db, wing.clock) as other, other.console() as stranger:
        for address in ("", "/systems"):
            assert (await stranger.get(f"/activations/{activation}{address}")).status_code == 404
        assert (await stranger.post(f"/activations/{activation}/dismiss")).status_code == 404


async def test_current_issues_are_triggered_sensors_with_what_they_activated(wing: Wing) -> None:
    async with wing.console() as client:
        quiet = text_of((await client.get("/issues")).text)
        assert "All is quiet" in quiet
        assert "0 of 0 systems report now" in quiet
        activation = await opened(wing, systems=3)
        ids = await wing.put("s000", "other")
        await wing.trigger(on(ids["other"], "Interrupt Rate"))
        page = (await client.get("/issues")).text
        seen = text_of(page)
        assert "4 of 4 systems report now" in seen
        assert re.search(r"Application Hang .* 3 75% .*Interrupt Rate .* 1 25%", seen)
        assert f'href="/activations/{activation}/journey"' in page
        severe = text_of((await client.get("/issues?order=severity")).text)
        assert "Application Hang" in severe
        group = (
            await wing.client.post("/api/v1/groups", json={"name": "Few", "members": [ids["other"]]})
        ).json()
        await wing.evaluator.follow(wing.tenant)
        few = text_of((await client.get(f"/issues?group={group['group_id']}")).text)
        assert "1 of 1 systems report now" in few
        assert "Interrupt Rate" in few
        assert "Application Hang Applications" not in few


async def test_a_system_says_which_activations_counted_it(wing: Wing) -> None:
    await opened(wing, systems=2)
    ids = await wing.put("s000", "later", "never")
    await wing.trigger(hang(ids["later"]))
    await wing.work()
    async with wing.console() as client:
        first = text_of((await client.get(f"/systems/{ids['s000']}/activations")).text)
        assert "when it began still affected" in first
        assert "Who was asked because of it?" in first
        late = text_of((await client.get(f"/systems/{ids['later']}/activations")).text)
        assert "joined later still affected" in late
        assert "No activation counted it" in (await client.get(f"/systems/{ids['never']}/activations")).text
        assert (await client.get("/systems/none/activations")).status_code == 404
    async with wing.console(Role.VIEWER) as viewer:
        seen = text_of((await viewer.get(f"/systems/{ids['s000']}/activations")).text)
        assert "Who was asked because of it?" not in seen


async def test_an_activations_page_tells_in_order_what_happened(
    wing: Wing, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.statuses.clear()
    activation = await opened(wing, await wing.recipient(receiver.url), systems=2)
    clock.advance(60)
    ids = await wing.put("later")
    await wing.trigger(hang(ids["later"]))
    await wing.work()
    clock.advance(60)
    async with wing.console() as client:
        await client.post(f"/activations/{activation}/dismiss")
        seen = text_of((await client.get(f"/activations/{activation}")).text)
    order = (
        "The states that met the condition came in",
        "Activated 12:00",
        "Told ",
        "Affected systems last changed 12:01",
        "Dismissed 12:02",
    )
    places = [seen.index(words, seen.index("Timeline")) for words in order]
    assert places == sorted(places)
    assert "3 now, 3 ever" in seen
