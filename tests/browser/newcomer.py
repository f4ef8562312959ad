"""A person in front of a browser who uses the demo: what they press, and what they read off the pages."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page

from tests.journeys.demo_process import DemoProcess
from tests.servers.browser import new_context

READING_SECONDS = 4.0  # what is sent sooner than a person reads looks like a mail scanner's doing
PATIENCE_SECONDS = 60.0
_NUMBER = re.compile(r"[\d,]+")


@dataclass(frozen=True)
class Newcomer:
    """A signed-in browser at the demo. ``errors``: what its pages complained about, in script or in answers."""

    page: Page
    address: str
    errors: list[str]

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.address}{path}")

    async def read_card(self, label: str) -> int:
        """The number on the card with this label."""
        card = self.page.locator(".op-stat", has=self.page.locator(".op-stat-label", has_text=label)).first
        return number_in(await card.locator(".op-stat-value").inner_text())

    async def read_waiting(self) -> int:
        """Mails that wait, as the steering under the numbers says; 0 when nothing runs."""
        steering = self.page.locator("#journey .op-sub", has_text="wait")
        return number_in(await steering.first.inner_text()) if await steering.count() else 0


def number_in(text: str) -> int:
    found = _NUMBER.search(text)
    assert found is not None, text
    return int(found.group().replace(",", ""))


@asynccontextmanager
async def newcomer(
    browser: Browser, demo: DemoProcess, email: str = "", password: str = "", *, script: bool = True
) -> AsyncIterator[Newcomer]:
    """Sign in through the page; by default as the person to whom the demo told the password."""
    context = await new_context(browser, script=script)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda answer: errors.append(answer.url) if answer.status >= 500 else None)
    await page.goto(f"{demo.address}/sign-in")
    await page.fill("input[name=email]", email or demo.email)
    await page.fill("input[name=password]", password or demo.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{demo.address}/")
    yield Newcomer(page, demo.address, errors)
    await context.close()


async def until(what: str, ask: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until ``ask`` says yes. Seconds that it took."""
    begin = time.monotonic()
    while not await ask():
        assert time.monotonic() - begin < seconds, f"{what}: not within {seconds:.0f} s"
        await asyncio.sleep(0.2)
    return time.monotonic() - begin


async def open_a_survey(reader: Newcomer) -> Page:
    """By the inbox: the newest mail in English whose survey was not answered yet, in the page that its button opens."""
    found: list[Page] = []

    async def look() -> bool:
        await reader.open("/demo/inbox")
        rows = reader.page.locator("#mails tbody tr a")
        links = [await rows.nth(place).get_attribute("href") for place in range(await rows.count())]
        for link in links[:12]:
            await reader.open(str(link))
            await reader.page.get_by_role("link", name="Open the survey").click()
            if await reader.page.locator("button[name=intent][value=answer]").count():
                found.append(reader.page)
                return True
        return False

    await until("a mail that nobody has answered", look)
    return found[0]


async def answer(survey: Page) -> None:
    """The first choice of each question, then the button; the page that follows says thank you."""
    for group in await survey.locator("fieldset").all():
        choice = group.locator("label").nth(1)
        if await group.locator("input[type=radio]").count():
            await choice.click()
    await survey.locator("button[name=intent][value=answer]").click()
    await survey.wait_for_url("**sent=1**")
