"""The recipient's form and the delivery log in a real browser, with and without script, on a desk and a phone, by axe's rules."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.tenancy.flow.people import add_person, sign_in
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, load_manifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment
from opulse.web.roles import Role
from tests.servers.browser import new_context
from tests.unit.monitoring.activations.world import (
    PASSWORD,
    TEMPLATES,
    Receiver,
    Wing,
    hang,
    open_wing,
)

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(answer=b'{"accepted":true}')
    yield made
    made.stop()


@asynccontextmanager
async def opened(browser: Browser, wing: Wing, **options: Any) -> AsyncIterator[tuple[Page, str]]:
    """An editor's page on a real server with the real assets, and its address."""
    wing.app.state.pages = Pages(make_environment(TEMPLATES, load_manifest()))
    if not any(getattr(route, "path", "") == STATIC_URL for route in wing.app.routes):
        wing.app.mount(STATIC_URL, BuiltFiles(), name="static")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(wing.app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    context = await new_context(browser, **options)
    try:
        email = f"browser-{wing.tenant}@example.org"
        await add_person(wing.ports, wing.tenant, email, "Ada", Role.EDITOR, PASSWORD, "test")
        session = await sign_in(wing.ports, email, PASSWORD, "test", "127.0.0.1")
        await context.add_cookies([{"name": SESSION_COOKIE, "value": session.cookie, "url": address}])
        yield await context.new_page(), address
    finally:
        await context.close()
        server.should_exit = True
        await running
        listener.close()


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practice."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


async def scrolls_sideways(page: Page) -> bool:
    found: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return found


@pytest.mark.parametrize("script", [True, False])
async def test_a_pagerduty_recipient_is_filled_in_tested_and_assigned(
    browser: Browser, wing: Wing, receiver: Receiver, script: bool
) -> None:
    await wing.notify(name="Teams quality incident")
    async with opened(browser, wing, script=script) as (page, address):
        await page.goto(f"{address}/recipients")
        await page.get_by_role("link", name="Add new recipient").first.click()
        await page.get_by_label("Name *", exact=True).first.fill("On call")
        await page.get_by_label("URL").fill(receiver.url)
        await page.get_by_label("Template").select_option(label="PagerDuty (Events API v2)")
        await page.get_by_role("button", name="Fill in").click()
        body = page.locator("#body")
        await expect(body).to_have_value(re.compile(re.escape('"routing_key": "@{routingKey}"')))
        await page.locator("#value-value-0").fill("R0UT1NGKEY")
        await expect(page.locator("#value-sensitive-0")).to_be_checked()

        await page.get_by_role("button", name="Test Webhook").click()
        await expect(page.get_by_text("The test was taken")).to_be_visible()
        await page.get_by_text("Its answer").click()
        await expect(page.get_by_text('{"accepted":true}')).to_be_visible()
        assert "R0UT1NGKEY" not in await page.locator(".op-alert").inner_text()
        (request,) = receiver.requests
        assert request.headers["x-test"] == "1"
        sent = json.loads(request.body)
        assert (sent["routing_key"], sent["event_action"]) == ("R0UT1NGKEY", "trigger")
        assert (await wing.client.get("/api/v1/recipients")).json()["recipients"] == []

        if not script:
            await page.locator("#value-value-0").fill("R0UT1NGKEY")
        await page.get_by_role("button", name="Add Recipient", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Assign Notifications")
        await page.get_by_label("Teams quality incident").check()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("The assignments are saved.")).to_be_visible()
        await page.get_by_text("1 notifications tell On call").click()
        await expect(page.get_by_role("link", name="Teams quality incident")).to_be_visible()
        await page.get_by_role("link", name="On call", exact=True).click()
        assert "R0UT1NGKEY" not in await page.content()


async def test_a_variable_is_written_where_the_cursor_stands(browser: Browser, wing: Wing) -> None:
    async with opened(browser, wing) as (page, address):
        await page.goto(f"{address}/recipients/new")
        await page.get_by_text("Insert a variable").click()
        await page.locator("#body").fill('{"a": "", "b": 1}')
        await page.evaluate("document.getElementById('body').setSelectionRange(7, 7)")
        await page.get_by_role("button", name="@{groupName}").click()
        await expect(page.locator("#body")).to_have_value('{"a": "@{groupName}", "b": 1}')
        await expect(page.locator("#body")).to_be_focused()


async def test_without_script_a_variable_comes_back_at_the_end(browser: Browser, wing: Wing) -> None:
    async with opened(browser, wing, script=False) as (page, address):
        await page.goto(f"{address}/recipients/new")
        await page.locator("#body").fill('{"a": 1}')
        await page.get_by_text("Insert a variable").click()
        await page.get_by_role("button", name="@{groupName}").click()
        await expect(page.locator("#body")).to_have_value('{"a": 1}@{groupName}')


async def test_a_secret_is_rotated_and_shown_once(browser: Browser, wing: Wing, receiver: Receiver) -> None:
    recipient = await wing.recipient(receiver.url, "Broker", authentication={"type": "Standard Webhooks"})
    async with opened(browser, wing) as (page, address):
        await page.goto(f"{address}/recipients/{recipient}")
        await page.get_by_label("The old secret holds for").select_option(label="7 days")
        await page.get_by_role("button", name="Rotate secret").click()
        secret = await page.get_by_label("Secret", exact=True).input_value()
        assert secret.startswith("whsec_")
        await expect(page.get_by_text("The old secret holds too until")).to_be_visible()
        assert await violations(page) == []
        await page.goto(f"{address}/recipients/{recipient}")
        assert secret not in await page.content()
        await expect(page.get_by_text("Two secrets hold until")).to_be_visible()
        await page.get_by_role("button", name="End the old secret now").click()
        await expect(page.get_by_role("button", name="Rotate secret")).to_be_visible()


async def test_the_log_is_filtered_and_what_failed_is_sent_again(
    browser: Browser, wing: Wing, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    gone = await wing.recipient(receiver.url, "Gone")
    fine = await wing.recipient(receiver.url, "Fine")
    ids = await wing.put("a")
    await wing.notify(recipients=[gone])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    await wing.notify(recipients=[fine], name="Second")
    await wing.decide()
    await wing.work()
    async with opened(browser, wing) as (page, address):
        await page.goto(f"{address}/recipients")
        main = page.get_by_role("main")
        await main.get_by_role("link", name="Delivery log").click()
        rows = page.locator(".op-table tbody tr")
        await expect(rows).to_have_count(2)
        await page.get_by_label("Recipient", exact=True).select_option(label="Gone")
        await page.get_by_label("State").select_option(label="Dead")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(rows).to_have_count(1)
        await expect(rows.first).to_contain_text("410")
        await page.get_by_role("button", name="Send again to Gone").click()
        await expect(page.get_by_text("Its recipient is disabled. Enable it first.")).to_be_visible()

        await page.get_by_role("link", name="Gone").click()
        await expect(page.get_by_text("Its receiver answered 410 Gone")).to_be_visible()
        await page.get_by_role("button", name="Enable").click()
        await expect(page.get_by_text("Gone is told again.")).to_be_visible()
        await main.get_by_role("link", name="Delivery log").first.click()
        await page.get_by_role("button", name="Send all failed again").click()
        await page.get_by_role("dialog").get_by_role("button", name="Send again").click()
        await expect(page.get_by_text("1 are sent again, each with the same bytes.")).to_be_visible()
        await wing.work()
        await page.reload()
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("Delivered")
    first, _, again = receiver.requests
    assert first.body == again.body


@pytest.mark.parametrize("phone", [True, False])
@pytest.mark.parametrize("dark", [True, False])
async def test_the_pages_keep_the_rules_of_accessibility_and_fit(
    browser: Browser, wing: Wing, receiver: Receiver, phone: bool, dark: bool
) -> None:
    receiver.statuses = [410]
    signed = {"type": "Standard Webhooks"}
    values = [{"name": "routingKey", "value": "k", "sensitive": True}]
    recipient = await wing.recipient(receiver.url, "Gone", authentication=signed, values=values)
    ids = await wing.put("a")
    await wing.notify(recipients=[recipient])
    await wing.trigger(hang(ids["a"]))
    await wing.work()
    async with opened(browser, wing, phone=phone, dark=dark) as (page, address):
        if phone:
            await page.set_viewport_size({"width": 320, "height": 700})
        for path in (
            "/recipients",
            "/recipients/new",
            f"/recipients/{recipient}",
            f"/recipients/{recipient}?edit=1",
            f"/recipients/{recipient}/notifications",
            "/deliveries",
            f"/deliveries?recipient={recipient}&state=dead&period=day",
        ):
            await page.goto(f"{address}{path}")
            await page.evaluate("document.querySelectorAll('main details').forEach((one) => one.open = true)")
            assert await violations(page) == [], path
            assert not await scrolls_sideways(page), path
