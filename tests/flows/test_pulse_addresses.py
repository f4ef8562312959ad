"""Where the service account's token and password are sent, and where never (systrack.md, acceptance check 10)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from tests.unit.experience.extensions.cloud import Cloud, Fault, estate, open_cloud
from tests.unit.experience.extensions.pulse import Pulse, open_pulse


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        opened.cloud.systems = estate(60)
        yield opened


@pytest.fixture
async def foreign() -> AsyncIterator[Cloud]:
    """Somebody else's server, which would take any token."""
    async with open_cloud() as cloud:
        yield cloud


@pytest.mark.stores
async def test_check_10_a_connector_refuses_to_send_its_token_to_another_host(
    pulse: Pulse, foreign: Cloud
) -> None:
    await pulse.receive()
    run = await pulse.run(await pulse.activate(systemsAtActivationURL=foreign.systems_url()))
    assert run["state"] == "failed"
    assert foreign.asked == []
    assert pulse.cloud.asked == [], "refused before any token is asked for"
    assert await pulse.reached() == {}


async def test_https_to_another_host_says_what_to_correct(pulse: Pulse) -> None:
    await pulse.receive(form={"cloud_url": "cloud.example.org"})
    run = await pulse.run(await pulse.activate(systemsAtActivationURL="https://evil.example.org/api/x"))
    assert (
        "points to 'evil.example.org', but the Cloud URL is 'cloud.example.org'" in run["tasks"][0]["error"]
    )
    assert pulse.cloud.asked == []


async def test_plain_http_is_for_our_own_address_alone(pulse: Pulse, foreign: Cloud) -> None:
    await pulse.receive(form={"cloud_url": foreign.host})
    run = await pulse.run(await pulse.activate(systemsAtActivationURL=foreign.systems_url()))
    assert "is not https" in run["tasks"][0]["error"]
    assert foreign.asked == []


async def test_the_password_goes_over_plain_http_to_our_own_address_alone(
    pulse: Pulse, foreign: Cloud
) -> None:
    await pulse.receive(form={"token_url": foreign.token_url})
    run = await pulse.run(await pulse.activate())
    assert "the password is not sent there" in run["tasks"][0]["error"]
    assert foreign.asked == []


@pytest.mark.parametrize(
    "link", ["{foreign}/api/next", "//{foreign_host}/api/next", "https://[bad", "http://user@{own_host}/x"]
)
async def test_a_next_link_to_another_host_is_not_followed(pulse: Pulse, foreign: Cloud, link: str) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(1_200)
    filled = link.format(foreign=foreign.url, foreign_host=foreign.host, own_host=pulse.cloud.host)
    pulse.cloud.next_link = filled
    run = await pulse.run(await pulse.activate())
    # the first page's link is not used (the second page is asked for with its own size); the one after it is
    assert run["state"] == "failed"
    assert foreign.asked == []
    assert run["tasks"][0]["output"] == {}
    assert len(await pulse.reached()) == 1_050, "what was taken stays taken"


async def test_users_are_asked_for_on_the_same_host(pulse: Pulse, foreign: Cloud) -> None:
    await pulse.receive()
    pulse.cloud.systems = [{"systemId": f"//{foreign.host}/x", "systemName": "odd"}]
    pulse.cloud.users = {}
    await pulse.activate()
    assert foreign.asked == []


async def test_a_redirect_is_an_answer_and_leads_nowhere(pulse: Pulse, foreign: Cloud) -> None:
    await pulse.receive()
    pulse.cloud.faults = [Fault("/activations/", 307, {"Location": foreign.systems_url()})]
    run = await pulse.run(await pulse.activate())
    assert "answered 307" in run["tasks"][0]["error"]
    assert foreign.asked == []


@pytest.mark.parametrize("name", ["token_url", "cloud_url", "client_id"])
async def test_what_the_sender_of_an_event_could_choose_is_not_taken_from_it(pulse: Pulse, name: str) -> None:
    with pytest.raises(AssertionError, match="typed here, never taken from the event"):
        await pulse.receive(form={name: "${a://Field/Systems URL}"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"list_id": "CG_unknown"}, "List ID names no mailing list"),
        ({"directory_id": "POOL_unknown"}, "Directory ID names no directory"),
        ({"systems_url": ""}, "Systems URL is missing"),
        ({"client_id": ""}, "Client ID is missing"),
    ],
)
async def test_a_task_that_could_not_run_is_not_saved(
    pulse: Pulse, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        await pulse.receive(form=changes)


async def test_a_list_of_another_directory_is_not_taken(pulse: Pulse) -> None:
    other = (await pulse.api("POST", "/directories", {"name": "Other"}, 201))["id"]
    path = f"/directories/{other}/mailing-lists"
    foreign_list = (await pulse.api("POST", path, {"name": "Elsewhere"}, 201))["id"]
    with pytest.raises(AssertionError, match="List ID names no mailing list of that directory"):
        await pulse.receive(form={"list_id": foreign_list})
