"""From the button to the answer, on the demo's own pages: each test is a thing that a newcomer does.

The relay is made slow, so that a pulse runs long enough to be stopped. The tests share one demo and one incident; whichever
comes first starts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.newcomer import (
    READING_SECONDS,
    Newcomer,
    answer,
    newcomer,
    number_in,
    open_a_survey,
    until,
)
from tests.journeys import demo_process
from tests.journeys.demo_process import DemoProcess
from tests.servers.browser import new_context

pytestmark = pytest.mark.browser

SYSTEMS, AFFECTED = 120, 70
MAILS_PER_MINUTE = 90
STOPS_WITHIN = 2.0
QUIET = 4.0  # seconds in which six mails would leave


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    slow = {"OPULSE_SMTP_PER_MINUTE": str(MAILS_PER_MINUTE)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_process, "ENVIRONMENT", demo_process.ENVIRONMENT | slow)
        data = tmp_path_factory.mktemp("browser") / "demo"
        process = DemoProcess(data, "--port", "0", "--systems", str(SYSTEMS))
    yield process
    process.stop()


@pytest.fixture
def activation(demo: DemoProcess) -> str:
    """The incident under way; started here when nobody has pressed the button."""
    with demo.api() as api:
        found = api.get("/api/v1/activations", params={"state": "active"}).json()["activations"]
        if found:
            return str(found[0]["activation_id"])
        started = api.post("/api/v1/demo/incidents", json={"which": 1, "number": AFFECTED})
        return str(started.json()["activation_id"])


async def test_the_button_starts_an_incident_and_its_page_fills_by_itself(
    demo: DemoProcess, browser: Browser
) -> None:
    async with newcomer(browser, demo) as person:
        await person.open("/demo/incidents")
        form = person.page.locator("form", has=person.page.locator("input[name=which][value='1']"))
        await form.locator("input[name=number]").fill(str(AFFECTED))
        await form.get_by_role("button", name="Start an incident").click()
        await person.page.wait_for_url("**/activations/*/journey")
        await person.page.evaluate("window.loadedOnce = true")
        at_first = await person.read_card("Affected systems")

        async def has_grown() -> bool:
            affected, accepted = await person.read_card("Affected systems"), await person.read_card("Mails")
            return affected > at_first and accepted > 0

        await until("more systems and the first mails on the page", has_grown)
        assert await person.page.evaluate("window.loadedOnce"), "the page was loaded again"
        assert person.errors == []


async def test_a_paused_pulse_sends_nothing_after_two_seconds(
    demo: DemoProcess, browser: Browser, activation: str
) -> None:
    async with newcomer(browser, demo) as person:
        await person.open(f"/activations/{activation}/journey")

        async def is_sending() -> bool:
            return await person.read_waiting() > QUIET * MAILS_PER_MINUTE / 60

        await until("mails that wait", is_sending)
        await person.page.get_by_role("button", name="Pause").first.click()
        await asyncio.sleep(STOPS_WITHIN)
        stopped_at = mails_in_the_sink(demo)
        await expect(person.page.locator("#journey")).to_contain_text("Paused")
        await asyncio.sleep(QUIET)
        assert mails_in_the_sink(demo) == stopped_at
        assert await person.read_waiting() > 0

        await person.page.get_by_role("button", name="Resume").first.click()

        async def sends_again() -> bool:
            return mails_in_the_sink(demo) > stopped_at

        await until("mails again", sends_again)
        assert person.errors == []


def mails_in_the_sink(demo: DemoProcess) -> int:
    """What the demo's relay has accepted: a file each."""
    return sum(1 for _ in (demo.data / "inbox").glob("*.eml"))


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
async def test_a_mail_is_opened_in_the_inbox_and_answered_and_the_live_page_shows_it(
    demo: DemoProcess, browser: Browser, activation: str, script: bool
) -> None:
    async with newcomer(browser, demo) as watcher, newcomer(browser, demo, script=script) as reader:
        await watcher.open(f"/activations/{activation}/journey")
        survey = await open_a_survey(reader)
        await asyncio.sleep(READING_SECONDS)
        before = await watcher.read_card("Answers")
        await answer(survey)

        async def has_arrived() -> bool:
            return await watcher.read_card("Answers") > before

        await until("the answer on the live page", has_arrived, 10)
        assert watcher.errors == reader.errors == []


async def test_the_ledger_sums_to_the_affected_systems(
    demo: DemoProcess, browser: Browser, activation: str
) -> None:
    async with newcomer(browser, demo) as person:
        await person.open(f"/activations/{activation}/ledger")
        cells = await person.page.locator("table").first.locator("tbody td:nth-child(3)").all_inner_texts()
        summed = sum(map(number_in, cells))
        assert summed == number_in(await person.page.locator("#ledger-sum").inner_text()) > 0
        told = await person.page.get_by_text("affected systems").last.inner_text()
        assert summed == number_in(told)

        async def everybody_joined() -> bool:
            await person.open(f"/activations/{activation}/journey")
            return await person.read_card("Affected systems") == AFFECTED

        await until("all systems of the incident", everybody_joined)
        await person.open(f"/activations/{activation}/ledger")
        assert number_in(await person.page.locator("#ledger-sum").inner_text()) == AFFECTED
        assert person.errors == []


async def test_a_viewer_sees_what_happened_and_no_names(
    demo: DemoProcess, browser: Browser, activation: str
) -> None:
    async with newcomer(browser, demo) as admin:
        email, password = await add_viewer(admin)
    names = people_of(demo)
    assert len(names) > SYSTEMS
    async with newcomer(browser, demo, email, password) as viewer:
        address = f"/activations/{activation}"
        await viewer.open(address)
        for path in (
            "/",
            address,
            *(f"{address}/{tab}" for tab in ("journey", "result", "ledger", "systems")),
        ):
            await viewer.open(path)
            text = await viewer.page.locator("main").inner_text()
            assert text
            assert [name for name in names if name in text] == [], path
        await viewer.open(f"{address}/journey")
        assert await viewer.page.get_by_role("button", name="Pause").count() == 0
        refused = await viewer.page.goto(f"{demo.address}/why?q=you")
        assert refused is not None
        assert refused.status == 403


async def add_viewer(admin: Newcomer) -> tuple[str, str]:
    """On the page *Add a person*. Address and first password."""
    email = "viewer@acme.example"
    await admin.open("/admin/people/new")
    await admin.page.fill("input[name=email]", email)
    await admin.page.locator("input[name=role][value=viewer]").check(force=True)
    await admin.page.get_by_role("button", name="Add the person").click()
    await admin.page.get_by_text("shown this once").first.wait_for()
    field = admin.page.locator("input[readonly]").last
    return email, await field.input_value()


def people_of(demo: DemoProcess) -> set[str]:
    """Full names and addresses of the directory."""
    with demo.api() as api:
        (directory,) = api.get("/api/v1/directories").json()
        names: set[str] = set()
        after = ""
        while True:
            query = {"limit": "500", **({"after": after} if after else {})}
            found = api.get(f"/api/v1/directories/{directory['id']}/contacts", params=query).json()
            if not found:
                return names
            names |= {one["email"] for one in found}
            names |= {f"{one['first_name']} {one['last_name']}" for one in found}
            after = found[-1]["id"]


async def test_a_pulse_that_was_stopped_for_good_takes_no_more_answers(
    demo: DemoProcess, browser: Browser, activation: str
) -> None:
    async with newcomer(browser, demo) as person:
        with demo.api() as api:
            (distribution,) = api.get("/api/v1/distributions", params={"activation": activation}).json()
        survey = (await open_a_survey(person)).url
        await person.open(f"/distributions/{distribution['id']}")
        await person.page.get_by_role("button", name="Stop", exact=True).click()
        await person.page.get_by_role("button", name="Stop it").click()
        await person.page.wait_for_load_state()
        await expect(person.page.locator("main")).to_contain_text("Cancelled")
        context = await new_context(browser, phone=True)
        page = await context.new_page()
        await page.goto(survey)
        assert await page.locator("button[name=intent][value=answer]").count() == 0
        await context.close()
