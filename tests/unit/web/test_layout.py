"""The frame around every page, and the answers of page routes, from a real application. The built assets are not needed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

import pytest
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from opulse.web.access import Caller, Role
from opulse.web.components.flashes import COOKIE, see_other
from opulse.web.components.frame import Flash, FrameFacts, RequestContext
from opulse.web.layout import Pages, page, show_error

Frame = Callable[..., RequestContext]


@dataclass(frozen=True)
class Sample:
    """A page's context."""

    title: str = "Disk <full>"
    sent: int = 1284


def test_a_page_stands_in_the_frame_and_is_escaped(pages: Pages, frame: Frame) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    assert "<title>Sample · Operational Pulse</title>" in text
    assert "Disk &lt;full&gt;" in text and "<full>" not in text
    assert 'href="/activations" aria-current="page"' in text
    assert "/static/dist/console.abc123.css" in text
    assert "Mail is paused" in text and "Maya Rao" in text


def test_the_frame_has_the_landmarks_and_names_that_assistive_technology_needs(
    pages: Pages, frame: Frame
) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    for part in (
        'href="#main"',
        '<main class="op-content" id="main"',
        '<nav class="op-nav" aria-label="Main"',
        "<header",
    ):
        assert part in text
    assert text.count("<h1") == 1
    assert 'popovertarget="sidebar"' in text  # the menu of small screens opens without script


def test_nothing_in_the_frame_needs_an_inline_script_or_style(pages: Pages, frame: Frame) -> None:
    text = pages.render(frame(), "sample/show.html", Sample())
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text and " style=" not in text and " onclick=" not in text


def test_a_block_is_rendered_alone_for_a_live_stream(pages: Pages, frame: Frame) -> None:
    text = pages.render_block(frame(), "sample/show.html", "live", Sample(sent=7))
    assert text.startswith('<p id="live">7 ') and "Running" in text
    assert "<html" not in text


def test_right_to_left_languages_turn_the_page(pages: Pages, frame: Frame) -> None:
    assert '<html lang="ar" dir="rtl">' in pages.render(frame(locale="ar"), "sample/show.html", Sample())
    assert '<html lang="de" dir="ltr">' in pages.render(frame(locale="de"), "sample/show.html", Sample())


class Facts:
    """A source of frame facts, as bootstrap would join one."""

    async def frame_facts(self, caller: Caller) -> FrameFacts:
        return FrameFacts(
            tenant=f"Tenant {caller.tenant}", email="maya@example.org", counts={"activations": 3}
        )


def site(pages: Pages, now: datetime) -> TestClient:
    """A real application with one page, one form that redirects, one page that fails."""

    async def show(request: Request) -> Response:
        request.state.caller = Caller(tenant=7, role=Role.VIEWER, name="Maya Rao", locale="de")
        return await page(request, "sample/show.html", Sample(), status=200)

    async def save(request: Request) -> Response:
        return see_other("/show", "Saved <b>", "green")

    async def fail(request: Request) -> Response:
        return show_error(request, 404, "system not found", "There is no such system here.")

    routes = [Route("/show", show), Route("/save", save, methods=["POST"]), Route("/fail", fail)]
    app = Starlette(routes=routes)
    app.state.pages = pages
    app.state.frame_source = Facts()
    app.state.ports = SimpleNamespace(clock=SimpleNamespace(now=lambda: now))
    return TestClient(app)


def test_a_page_answers_with_frame_facts_and_a_strict_policy(pages: Pages, now: datetime) -> None:
    with site(pages, now) as browser:
        answer = browser.get("/show")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "Tenant 7" in answer.text and '<html lang="de"' in answer.text and "1.284" in answer.text


def test_a_message_survives_one_redirect_and_only_one(pages: Pages, now: datetime) -> None:
    with site(pages, now) as browser:
        first = browser.post("/save")
        second = browser.get("/show")
    assert first.url.path == "/show" and "Saved &lt;b&gt;" in first.text
    assert "Saved" not in second.text


@pytest.mark.parametrize("raw", ["not base64!", "bm90IGpzb24=", "WzFd"])
def test_a_forged_message_is_ignored(pages: Pages, now: datetime, raw: str) -> None:
    with site(pages, now) as browser:
        answer = browser.get("/show", headers={"cookie": f"{COOKIE}={raw}"})
    assert answer.status_code == 200 and "op-alert" not in answer.text


def test_an_error_page_needs_no_caller(pages: Pages, now: datetime) -> None:
    with site(pages, now) as browser:
        answer = browser.get("/fail", headers={"accept-language": "ar"})
    assert answer.status_code == 404 and 'dir="rtl"' in answer.text
    assert "System not found" in answer.text and "There is no such system here." in answer.text


def test_flashes_are_shown_in_the_frame(pages: Pages, now: datetime, frame: Frame) -> None:
    request = RequestContext("/", now, flashes=(Flash("Not sent", "red", "Stopped"),))
    text = pages.render(request, "sample/show.html", Sample(title=Markup("<i>safe</i>")))
    assert 'role="alert"' in text and "<strong>Stopped</strong>" in text and "<i>safe</i>" in text
