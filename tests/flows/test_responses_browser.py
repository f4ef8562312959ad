"""The respondent's page in a real browser: with and without script, on a small phone, for a screen reader's rules."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.models import ResponseState
from opulse.experience.surveys.models import SurveyDocument
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, load_manifest
from opulse.web.layout import Pages, make_environment
from tests.unit.experience.responses.asked_people import Asked, ask_somebody
from tests.unit.experience.responses.test_pages import ALL_KINDS
from tests.unit.experience.responses.world import TEMPLATES
from tests.unit.experience.surveys.kinds import every_kind

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TOO_SMALL = """
() => [...document.querySelectorAll('label, button, .problems a, select, textarea, input.text')]
  .map((one) => [one.textContent.trim().slice(0, 30), one.getBoundingClientRect()])
  .filter(([, box]) => box.height > 1 && (box.height < 24 || box.width < 24))
  .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)
"""


@asynccontextmanager
async def served(asked: Asked) -> AsyncIterator[str]:
    """The asked person's address on a real server with the real assets."""
    app = asked.app
    app.state.pages = Pages(make_environment(TEMPLATES, load_manifest()))
    app.mount(STATIC_URL, BuiltFiles(), name="static")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{asked.path}"
    finally:
        server.should_exit = True
        await running
        listener.close()


@asynccontextmanager
async def opened(browser: Browser, address: str, **options: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(**options)
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


def all_kinds() -> SurveyDocument:
    asked = [{"text": f"About {one['id']}?", **one} for one in ALL_KINDS]
    asked[3]["required"] = True
    asked[7]["display"] = {"conditions": [{"question": "QID1", "choice": "2"}]}
    blocks = [{"id": "BL_aaaaaaaaaaa", "questions": asked}]
    return SurveyDocument.model_validate({"title": "All kinds", "language": "en", "blocks": blocks})


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practice."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


@pytest.mark.parametrize("script", [True, False])
async def test_two_taps_from_the_mail_to_the_done_page(
    db: Database, clock: ManualClock, browser: Browser, script: bool
) -> None:
    async with (
        ask_somebody(db, clock) as asked,
        served(asked) as address,
        opened(browser, f"{address}?q=QID1&c=4", java_script_enabled=script) as page,
    ):
        assert await page.get_by_label("Cannot work at all").is_checked()
        assert await asked.stored() == []
        clock.advance(5)
        await page.get_by_role("button", name="Send answer").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "Thank you, your answer has arrived"
        assert [row["answers"] for row in await asked.stored(ResponseState.RECORDED)] == [{"QID1": "4"}]
        await page.get_by_role("link", name="Change my answer").click()
        assert await page.get_by_label("Cannot work at all").is_checked()


async def test_the_keyboard_alone_reaches_and_mends_what_was_wrong(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    async with (
        ask_somebody(db, clock) as asked,
        served(asked) as address,
        opened(browser, address) as page,
    ):
        clock.advance(5)
        await page.get_by_role("button", name="Send answer").press("Enter")
        await page.wait_for_selector(".problems:focus")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#QID1-1:focus")
        await page.keyboard.press("Space")
        clock.advance(5)
        await page.get_by_role("button", name="Send answer").press("Enter")
        await page.wait_for_selector("text=your answer has arrived")
        assert [row["answers"] for row in await asked.stored()] == [{"QID1": "1"}]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("kinds", ["plain", "further"])
async def test_every_kind_of_question_keeps_the_rules(
    db: Database, clock: ManualClock, browser: Browser, width: int, kinds: str
) -> None:
    viewport = {"width": width, "height": 800}
    survey = all_kinds() if kinds == "plain" else every_kind()
    async with (
        ask_somebody(db, clock, survey) as asked,
        served(asked) as address,
        opened(browser, address, viewport=viewport) as page,
    ):
        for _ in ("first look", "with problems"):
            assert await violations(page) == []
            assert await page.evaluate(TOO_SMALL) == []
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            clock.advance(5)
            await page.get_by_role("button", name="Send answer").click()
            await page.wait_for_selector(".problems")


@pytest.mark.parametrize("language", ["DE", "AR"])
async def test_the_pulse_keeps_the_rules_in_its_languages(
    db: Database, clock: ManualClock, browser: Browser, language: str
) -> None:
    async with (
        ask_somebody(db, clock, language=language) as asked,
        served(asked) as address,
        opened(browser, address, viewport={"width": 320, "height": 800}) as page,
    ):
        assert await violations(page) == []
        assert await page.evaluate(TOO_SMALL) == []
        await page.locator("summary").click()
        assert await violations(page) == []
        clock.advance(5)
        await page.locator("button.go").click()
        await page.locator(".problems a").click()
        await page.keyboard.press("Space")
        clock.advance(5)
        await page.locator("button.go").click()
        await page.wait_for_selector(".sign.ok")
        assert await violations(page) == []


async def test_the_script_hides_a_question_until_it_applies(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    async with (
        ask_somebody(db, clock, all_kinds()) as asked,
        served(asked) as address,
        opened(browser, address) as page,
    ):
        question = page.get_by_label("About QID8?")
        assert not await question.is_visible()
        await page.get_by_label("Choice 2").first.check()
        assert await question.is_visible()
        slider = page.locator("#QID7_1")
        await slider.focus()
        await page.keyboard.press("ArrowRight")
        await question.fill("told")
        await page.locator("#QID4-9").check(force=True)
        clock.advance(5)
        await page.get_by_role("button", name="Send answer").click()
        await page.wait_for_selector(".sign.ok")
        (row,) = await asked.stored()
        assert row["answers"] == {"QID1": "2", "QID4": 9, "QID7_1": 11, "QID8_TEXT": "told"}
