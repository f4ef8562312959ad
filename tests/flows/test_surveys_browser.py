"""The builder and a survey of several pages in a real browser: rules of accessibility, keyboard alone, no script."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.pages import router as responses
from opulse.experience.surveys import flow
from opulse.experience.surveys.models import Look, SurveyDocument
from opulse.experience.surveys.pages import router as surveys
from opulse.ports import Ports
from opulse.web.access import Role
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, load_manifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment
from tests.flows.test_responses_browser import TOO_SMALL, opened, served, violations
from tests.unit.experience.responses.asked_people import ask_somebody
from tests.unit.experience.responses.world import (
    TEMPLATES,
    browse,
    make_app,
    make_ports,
    make_tenant,
    sign_in_as,
)
from tests.unit.experience.surveys.kinds import every_kind, flowing

pytestmark = pytest.mark.browser


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    app.state.pages = Pages(make_environment(TEMPLATES, load_manifest()))
    app.mount(STATIC_URL, BuiltFiles(), name="static")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


@asynccontextmanager
async def console(
    db: Database, clock: ManualClock, browser: Browser, document: SurveyDocument, **options: Any
) -> AsyncIterator[tuple[Ports, Page, str, str]]:
    """An editor's browser in front of a survey: ports, page, address of the server, path of the survey."""
    ports = make_ports(db, clock)
    tenant, _ = await make_tenant(ports)
    app = make_app(ports, surveys, responses)
    survey = await flow.create_survey(ports, tenant, "Built", document, "test")
    async with browse(app) as client, listening(app) as address:
        await sign_in_as(ports, tenant, Role.EDITOR, client)
        context = await browser.new_context(**options)
        session = str(client.cookies[SESSION_COOKIE])
        await context.add_cookies([{"name": SESSION_COOKIE, "value": session, "url": address}])
        yield ports, await context.new_page(), address, f"/surveys/{survey.id}"
        await context.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (every_kind(), ("/edit", "/questions/QID1", "/questions/QID6", "/questions/QID13", "/preview")),
        (flowing(), ("/edit", "/questions/QID4", "/blocks/BL_bbbbbbbbbbb", "/flow")),
    ],
    ids=["every kind", "every step"],
)
async def test_the_pages_of_the_builder_keep_the_rules(
    db: Database,
    clock: ManualClock,
    browser: Browser,
    width: int,
    document: SurveyDocument,
    paths: tuple[str, ...],
) -> None:
    viewport = {"width": width, "height": 900}
    async with console(db, clock, browser, document, viewport=viewport) as (_, page, address, survey):
        for path in (*paths, "/../look"):
            await page.goto(f"{address}{survey}{path}")
            assert await violations(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_questions_are_reordered_by_the_keyboard_without_a_script(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    async with console(db, clock, browser, every_kind(), java_script_enabled=False) as (
        ports,
        page,
        address,
        survey,
    ):
        await page.goto(f"{address}{survey}/edit")
        await page.get_by_role("button", name="Move QID1 down", exact=True).press("Enter")
        await page.wait_for_url("**/edit#QID1")
        await page.get_by_role("button", name="Delete QID3", exact=True).press("Enter")
        await page.get_by_role("button", name="Put QID3 back").press("Enter")
        await page.get_by_label("Kind of question").select_option("rank_order")
        await page.get_by_role("button", name="Add a question").press("Enter")
        await page.get_by_label("Question", exact=True).fill("Which first?")
        await page.get_by_label("Add, one per line").fill("Mail\nPrint")
        await page.get_by_role("button", name="Save the question").press("Enter")
        await page.wait_for_url("**/edit#QID18")
        tenant = 1
        _, version = await flow.find_survey(ports, tenant, survey.rpartition("/")[2])
        ids = [one.id for one in version.document.questions]
        assert ids[:3] == ["QID2", "QID1", "QID4"]
        assert ids[-2:] == ["QID3", "QID18"]
        last = version.document.questions[-1].model_dump()
        assert [one["text"] for one in last["choices"]][-2:] == ["Mail", "Print"]


async def test_a_changed_form_is_marked(db: Database, clock: ManualClock, browser: Browser) -> None:
    async with console(db, clock, browser, every_kind()) as (_, page, address, survey):
        await page.goto(f"{address}{survey}/questions/QID1")
        assert await page.locator("form.is-unsaved").count() == 0
        await page.get_by_label("Question", exact=True).fill("Changed")
        assert await page.locator("form.is-unsaved").count() == 1


@pytest.mark.parametrize("width", [320, 1280])
async def test_several_pages_without_a_script_from_the_first_to_the_last(
    db: Database, clock: ManualClock, browser: Browser, width: int
) -> None:
    look = Look(accent="#7a1fa2", name="Acme")
    document = every_kind(look=look.model_dump()).model_copy(
        update={"options": every_kind().options.model_copy(update={"one_per_page": True})}
    )
    viewport = {"width": width, "height": 800}
    async with (
        ask_somebody(db, clock, document) as asked,
        served(asked) as address,
        opened(browser, address, viewport=viewport) as scripted,
        opened(browser, address, viewport=viewport, java_script_enabled=False) as page,
    ):
        pages = 0
        while not await asked.stored(ResponseState.RECORDED):
            await scripted.goto(address)
            assert await violations(scripted) == []
            assert await scripted.evaluate(TOO_SMALL) == []
            assert await scripted.evaluate("document.documentElement.scrollWidth") == width
            await page.goto(address)
            if await page.get_by_label("E-mail").count():
                await page.get_by_label("E-mail").fill("ada@example.org")
            clock.advance(5)
            await page.locator("button.go").press("Enter")
            await page.wait_for_load_state()
            pages += 1
            assert pages < 30
        assert pages == 15
        assert await page.get_by_role("heading", level=1).inner_text() == "Thank you, your answer has arrived"
