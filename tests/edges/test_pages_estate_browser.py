"""The estate's pages in a real browser: 320 pixels wide, light and dark, by axe's rules; and one of them by keyboard alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, Page

from opulse.bootstrap.stages import template_folders
from opulse.clock import ManualClock
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.flow.sampling import Sampler
from opulse.monitoring.systems.flow.importing import Wanted, hold_file
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import FileFormat, ImportKind, SystemEntry, SystemUser
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, load_manifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment
from opulse.wire.sensor_states import StateChange
from tests.edges.console import Console
from tests.edges.test_pages_trends import CPU, HANG, Estate
from tests.flows.test_recipients_browser import scrolls_sideways, violations
from tests.servers.browser import new_context

pytestmark = pytest.mark.browser

ANNA = SystemUser(r"CORP\anna", "anna.with.a.long.address@example.org", "Anna", "Adler", is_logged_on=True)


@pytest.fixture
async def estate(console: Console, clock: ManualClock) -> AsyncIterator[Estate]:
    """Two systems with a user, one of them with triggered sensors that were looked at twice."""
    ports = console.ports
    entries = [
        SystemEntry(name, users=(ANNA,), site="North") for name in ("WORKPLACE-0001", "WORKPLACE-0002")
    ]
    taken, _ = await take_systems(ports, console.tenant, entries)
    console.app.state.evaluator = evaluator = Evaluator(ports.db, clock, ports.limits)
    await evaluator.load()
    made = Estate(console, evaluator, {one.name: one.guid for one in taken}, "")
    sampler = Sampler(ports, evaluator)
    await sampler.look(console.tenant)
    first = taken[0].guid
    changes = [StateChange(HANG, True, "outlook.exe", system=first), StateChange(CPU, True, system=first)]
    await made.send(1, changes)
    clock.advance(1800)
    await sampler.look(console.tenant)
    yield made


@asynccontextmanager
async def served(browser: Browser, console: Console, **options: Any) -> AsyncIterator[tuple[Page, str]]:
    """An editor's page on a real server with the real assets, and its address."""
    app = console.app
    app.state.pages = Pages(make_environment(template_folders("all"), load_manifest()))
    app.mount(STATIC_URL, BuiltFiles(), name="static")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    context = await new_context(browser, **options)
    context.set_default_timeout(60_000)
    try:
        cookie = console.editor.cookies[SESSION_COOKIE]
        await context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, "url": address}])
        yield await context.new_page(), address
    finally:
        await context.close()
        server.should_exit = True
        await running
        listener.close()


async def hold_table(console: Console) -> str:
    """The address of the page that maps a file."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"Hostname,Owner,A very long name of a column\nLT-1,anna@example.org,some value\n"

    wanted = Wanted(console.tenant, ImportKind.DEVICES, FileFormat.CSV, "test")
    return f"/systems/import/{(await hold_file(console.ports, wanted, pieces())).id}/mapping"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_estates_pages_are_accessible_and_fit_320_pixels(
    browser: Browser, estate: Estate, dark: bool
) -> None:
    system, sensor = estate.ids["WORKPLACE-0001"], estate.sensor(HANG)
    paths = (
        "/issues",
        f"/sensors/{sensor}",
        f"/sensors/{sensor}?span=30d&instance=outlook.exe",
        "/systems",
        f"/systems/{system}",
        f"/systems/{system}/activations",
        "/users",
        "/users/of?user=CORP%5Canna",
        "/systems/import",
        await hold_table(estate.console),
        "/notifications?edit=1",
        "/recipients?edit=1",
    )
    async with served(browser, estate.console, dark=dark) as (page, address):
        await page.set_viewport_size({"width": 320, "height": 700})
        for path in paths:
            answer = await page.goto(f"{address}{path}")
            assert answer is not None
            assert answer.status == 200, path
            assert await violations(page) == [], path
            assert not await scrolls_sideways(page), path


async def test_the_primary_user_is_set_by_keyboard(browser: Browser, estate: Estate) -> None:
    async with served(browser, estate.console) as (page, address):
        await page.goto(f"{address}/users")
        await page.get_by_role("searchbox", name="User, name or e-mail address").focus()
        await page.keyboard.type("adler")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**search=adler*")
        await page.get_by_role("link", name="Anna Adler").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/users/of**")
        button = page.get_by_role("row", name="WORKPLACE-0001").get_by_role("button", name="Make primary")
        await button.focus()
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await page.get_by_text("is the primary user now").wait_for()
        row = page.get_by_role("row", name="WORKPLACE-0001")
        assert await row.get_by_role("button", name="Not theirs").is_visible()
