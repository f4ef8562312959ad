"""The pages of distributions in a real browser: axe's rules, no sideways scrolling, keyboard and forms without script.

``OPULSE_SHOTS=FOLDER`` keeps a picture of each page.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from opulse.bootstrap.stages import template_folders
from opulse.clock import ManualClock
from opulse.experience.distributions import DistributionKind, FollowUpWish, MessageSpec, Wording
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.following import follow_up_due, plan_follow_up
from opulse.experience.distributions.flow.library import save_message, save_template
from opulse.experience.distributions.flow.sender_domains import make_domain_key
from opulse.experience.distributions.flow.suppressing import suppress_address
from opulse.experience.distributions.models.library import MessageCategory
from opulse.mail.models import Relay, Security
from opulse.mail.shell import STARTER
from opulse.mail.signing import Algorithm
from opulse.ports import Ports
from opulse.tenancy.flow.people import sign_in
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, load_manifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment
from opulse.web.roles import Role
from tests.edges.console import PASSWORD, Console, address_of, open_console
from tests.flows.test_recipients_browser import scrolls_sideways, violations
from tests.servers.browser import new_context
from tests.unit.experience.distributions.town import build_town

pytestmark = pytest.mark.browser

LOOKS: tuple[dict[str, Any], ...] = ({}, {"phone": True}, {"dark": True}, {"phone": True, "dark": True})


@pytest.fixture
async def console(ports: Ports) -> AsyncIterator[Console]:
    relay = Relay("127.0.0.1", 9, Security.OFF, per_minute=30)
    async with open_console(replace(ports, relay=lambda: relay)) as opened:
        yield opened


@asynccontextmanager
async def opened(browser: Browser, console: Console, **options: Any) -> AsyncIterator[tuple[Page, str]]:
    """An administrator's page on a real server with the real assets, and its address."""
    console.app.state.pages = Pages(make_environment(template_folders("all"), load_manifest()))
    if not any(getattr(route, "path", "") == STATIC_URL for route in console.app.routes):
        console.app.mount(STATIC_URL, BuiltFiles(), name="static")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(console.app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    context = await new_context(browser, **options)
    try:
        session = await sign_in(console.ports, address_of(Role.ADMIN), PASSWORD, "test", "127.0.0.1")
        await context.add_cookies([{"name": SESSION_COOKIE, "value": session.cookie, "url": address}])
        yield await context.new_page(), address
    finally:
        await context.close()
        server.should_exit = True
        await running
        listener.close()


async def furnish(console: Console, clock: ManualClock) -> dict[str, str]:
    """One of everything, and the addresses of its pages by name."""
    ports, tenant = console.ports, console.tenant
    town = await build_town(ports, 12, tenant=tenant)
    await town.change(town.people[:2], unsubscribed=True)
    await suppress_address(ports, tenant, "user3@example.org", "test")
    request = town.request(
        message=MessageSpec(subject="How slow is it, ${m://FirstName}?"), name="Laptop pulse"
    )
    made = await ask(ports, request)
    await town.change_invitations(sent_at=clock.now(), open_until=clock.now())
    for kind, hours in ((DistributionKind.REMINDER, 1), (DistributionKind.THANK_YOU, 2)):
        await plan_follow_up(
            ports, tenant, made.distribution, FollowUpWish(kind, timedelta(hours=hours)), "test"
        )
    for number in range(3):
        one = town.request(run=f"R{number}", message=MessageSpec(subject=str(number)), name="Single sends")
        await ask(
            ports, replace(one, activation="", workflow="WF_single", contact_ids=tuple(town.people[5:7]))
        )
    await town.switch(confirm_above=2)
    waits = await ask(
        ports, town.request(message=MessageSpec(subject="Many"), workflow="WF_many", name="Many people")
    )
    clock.advance(3600)
    await follow_up_due(ports)
    texts = {"en": Wording("Slow?", "Is it?"), "ar": Wording("بطيء؟", "هل هو بطيء؟")}
    message = await save_message(ports, tenant, MessageCategory.INVITE, "First words", texts, "test")
    look = await save_template(ports, tenant, "Our look", STARTER, "test")
    await make_domain_key(ports, tenant, "example.org", "pulse1", Algorithm.RSA, "test")
    home = "/distributions"
    return {
        "list": home,
        "one": f"{home}/{made.distribution}",
        "waits": f"{home}/{waits.distribution}",
        "suppressions": f"{home}/suppressions",
        "domains": f"{home}/sender-domains",
        "library": f"{home}/library",
        "message": f"{home}/library/messages/{message.id}",
        "look": f"{home}/library/templates/{look.id}",
    }


@pytest.mark.parametrize("look", LOOKS, ids=["desk", "phone", "dark", "dark phone"])
async def test_every_page_keeps_the_rules_and_does_not_scroll_sideways(
    browser: Browser, console: Console, clock: ManualClock, look: dict[str, Any]
) -> None:
    pages, found = await furnish(console, clock), {}
    async with opened(browser, console, **look) as (page, address):
        for name, path in pages.items():
            for direction in ("ltr", "rtl"):
                await page.goto(f"{address}{path}")
                await page.evaluate(f"document.documentElement.dir = '{direction}'")
                wrong = await violations(page) if direction == "ltr" else []
                if await scrolls_sideways(page):
                    wrong.append("scrolls sideways")
                if wrong:
                    found[f"{name} {direction}"] = wrong
                if folder := os.environ.get("OPULSE_SHOTS"):
                    kind = "-".join(sorted(look)) or "desk"
                    await page.screenshot(
                        path=Path(folder) / f"{name}-{kind}-{direction}.png", full_page=True
                    )
        if look.get("phone"):
            await page.set_viewport_size({"width": 320, "height": 640})
            for name, path in pages.items():
                await page.goto(f"{address}{path}")
                if await scrolls_sideways(page):
                    found[f"{name} at 320 px"] = ["scrolls sideways"]
    assert found == {}


@pytest.mark.parametrize("script", [True, False])
async def test_a_reminder_is_planned_and_ended_by_keyboard_and_without_script(
    browser: Browser, console: Console, clock: ManualClock, script: bool
) -> None:
    pages = await furnish(console, clock)
    async with opened(browser, console, script=script) as (page, address):
        await page.goto(f"{address}{pages['one']}")
        await page.get_by_label("After").fill("3")
        await page.get_by_role("button", name="Plan it").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Planned. Each person gets it as their time comes.")).to_be_visible()
        await page.get_by_role("button", name="End reminder 2").click()
        await expect(page.get_by_text("Ended. Who has not got it will not get it.")).to_be_visible()
        frame = page.frame_locator("iframe[title='The mail on a desktop']")
        await expect(frame.get_by_text("Hello Alex,")).to_be_visible()
        if folder := os.environ.get("OPULSE_SHOTS"):
            await page.locator("#mail").scroll_into_view_if_needed()
            await page.screenshot(path=Path(folder) / f"mail-{script}.png")
        await page.goto(f"{address}{pages['waits']}")
        await expect(page.get_by_text("At the relay's 30 mails a minute")).to_be_visible()
