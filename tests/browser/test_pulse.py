"""A newcomer makes a pulse of one form, an incident asks people by it, one of them answers, and deleting takes all of it back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx2
import pytest
from playwright.async_api import Browser, Locator, Page

from tests.browser.newcomer import READING_SECONDS, answer, newcomer, open_a_survey, until
from tests.journeys.demo_process import DemoProcess

pytestmark = pytest.mark.browser

SENSOR = "DNS Resolve Time"  # of none of the demo's own incidents
NAME = "Slow name resolution"
AT_MOST = 8
SECONDS = 120
FILLED_IN = "input:not([type=hidden]):not([type=checkbox]), select, textarea"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    process = DemoProcess(tmp_path_factory.mktemp("pulse") / "demo", "--port", "0", "--systems", "40")
    yield process
    process.stop()


async def test_a_pulse_from_one_form_to_an_answer_and_away_again(demo: DemoProcess, browser: Browser) -> None:
    with demo.api() as api:
        before = parts_of(api)
        async with newcomer(browser, demo) as person:
            page, began = person.page, time.monotonic()
            await person.open("/pulses")
            await page.get_by_role("link", name="New pulse").click()
            form = page.locator("form[data-unsaved]")
            assert 0 < await count_shown(form.locator(FILLED_IN)) <= AT_MOST
            await fill_in(page)
            await page.get_by_role("button", name="Make this pulse").click()
            await page.wait_for_url("**/pulses/*")
            assert await page.get_by_role("heading", name=NAME).count()
            assert time.monotonic() - began < SECONDS
            assert parts_of(api)["notifications"] == before["notifications"] | {NAME}
            made = parts_of(api)["workflows"] - before["workflows"]
            assert made, "a workflow of its own asks the people"

            trigger(api)
            survey = await open_a_survey(person)
            await asyncio.sleep(READING_SECONDS)
            await answer(survey)
            activation = newest(api)

            async def is_counted() -> bool:
                states = api.get(f"/api/v1/activations/{activation}/ledger").json()["states"]
                return bool(states.get("answered"))

            await until("the answer in the ledger", is_counted)

            await person.open("/pulses")
            await page.get_by_role("link", name=NAME).click()
            await page.get_by_role("link", name="Delete").click()
            await page.get_by_role("button", name="Delete this pulse").click()
            await page.wait_for_url("**/pulses")
            assert await page.get_by_role("link", name=NAME).count() == 0
            after = parts_of(api)
            assert after["notifications"] == before["notifications"]
            assert not made & after["workflows"]
            ledger = api.get(f"/api/v1/activations/{activation}/ledger").json()
            assert sum(ledger["states"].values()) == ledger["total"] > 0, "what happened stays readable"
            assert person.errors == []


async def count_shown(fields: Locator) -> int:
    return sum([await one.is_visible() for one in await fields.all()])


def parts_of(api: httpx2.Client) -> dict[str, set[str]]:
    """What a pulse makes more of, by name."""
    notifications = api.get("/api/v1/notifications").json()["notifications"]
    workflows = api.get("/api/v1/workflows").json()
    return {
        "notifications": {one["name"] for one in notifications},
        "workflows": {one["id"] for one in workflows},
    }


def newest(api: httpx2.Client) -> str:
    return str(api.get("/api/v1/activations").json()["activations"][0]["activation_id"])


async def fill_in(page: Page) -> None:
    """By keyboard, as somebody does who has never seen the form: what is asked for, in its order."""
    await page.locator("input[name=name]").focus()
    await page.keyboard.type(NAME)
    await page.locator("input[name=sensor][list]").focus()
    await page.keyboard.type(SENSOR)
    await page.keyboard.press("Enter")
    await page.locator(f"input[name=sensor][value='{SENSOR}']:checked").wait_for()
    await page.locator("select[name=group]").focus()
    await page.keyboard.type("All S")
    await page.locator("input[name=threshold]").focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1")


def trigger(api: httpx2.Client) -> None:
    """The sensor, on most systems of the estate: their people read several languages, and the reader of the inbox English."""
    systems = api.get("/api/v1/systems", params={"limit": "30"}).json()["systems"]
    changes = [{"system": one["system_id"], "sensor": SENSOR, "triggered": True} for one in systems]
    seq = time.time_ns()  # above what the estate itself counts with
    told = api.post("/api/v1/sensor-states", json={"batch": "slow-names", "seq": seq, "changes": changes})
    assert told.status_code == 202, told.text
    assert told.json()["accepted"] == len(changes), told.text
