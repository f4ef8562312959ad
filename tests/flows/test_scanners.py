"""Mail scanners as they are known to behave, let loose on a real mail's links: nothing that they do counts as an answer.

The scanners are emulated (there is no commercial gateway here); what they meet is the real page on a real server, opened by
plain HTTP or by a real Chromium.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from playwright.async_api import Browser
from sqlalchemy import Connection, update

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.views import invitations
from opulse.experience.responses.models import QuarantineReason, ResponseState
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules import HIDDEN, first_question_in_mail, localise
from opulse.mail.shell import Choice, Invitation, invitation_html
from opulse.outbound.networks import Networks
from tests.flows.test_responses_browser import served
from tests.unit.experience.responses.asked_people import Asked, ask_somebody, filled_in

OURS = "127.0.0.1"


@pytest.fixture
async def asked(db: Database, clock: ManualClock) -> AsyncIterator[Asked]:
    async with ask_somebody(db, clock) as one:
        clock.advance(60)
        yield one


def mail(address: str) -> str:
    """The HTML of a mail with this personal link, as the sender writes it."""
    question = first_question_in_mail(localise(recommended_pulse(), "en"))
    assert question is not None
    choices = tuple(Choice(one.text, f"{address}?{one.query}") for one in question.choices)
    invitation = Invitation(
        subject="s",
        heading="h",
        body="b",
        survey_link=address,
        button="Answer",
        question=question.text,
        choices=choices,
        hidden_link=f"{address}?{HIDDEN}=1",
    )
    return invitation_html("en", "ltr", invitation)


def links(address: str) -> list[str]:
    """Every link of the mail, in its order."""
    found = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', mail(address))]
    assert len(found) > 4
    return [link for link in found if link.startswith(address)]


def seen_links(address: str) -> list[str]:
    return [link for link in links(address) if HIDDEN not in link]


async def press(http: httpx2.AsyncClient, page: httpx2.Response, address: str) -> httpx2.Response:
    """Send the page's form with what is marked in it, as a program does that presses the button."""
    return await http.post(address, data=filled_in(page.text, {"QID1": "1"}))


async def person_answers(asked: Asked, after: float) -> None:
    """Somebody at another address, later, with the choice 4."""
    asked.clock.advance(after)
    elsewhere = httpx2.ASGITransport(app=asked.app, client=("198.51.100.7", 50_000))
    async with httpx2.AsyncClient(transport=elsewhere, base_url="http://pulse.test") as http:
        page = await http.get(f"{asked.path}?q=QID1&c=4")
        asked.clock.advance(8)
        answer = await http.post(asked.path, data=filled_in(page.text, {}))
        assert answer.status_code == 303
    recorded = await asked.stored(ResponseState.RECORDED)
    assert [row["answers"] for row in recorded] == [{"QID1": "4"}]


@pytest.mark.stores
async def test_plain_gets_and_prefetches_of_every_link_store_nothing(asked: Asked) -> None:
    before = await asked.everything()
    async with served(asked) as address, httpx2.AsyncClient() as http:
        for link in links(address):
            assert (await http.head(link)).status_code == 200
            assert (await http.get(link)).status_code == 200
            assert (await http.get(link, headers={"Sec-Purpose": "prefetch;prerender"})).status_code == 200
    assert await asked.everything() == before
    await person_answers(asked, 2)


@pytest.mark.stores
@pytest.mark.parametrize(
    ("walks", "reason"), [(links, QuarantineReason.HIDDEN_LINK), (seen_links, QuarantineReason.ALL_LINKS)]
)
async def test_a_patient_program_that_walks_all_links_and_presses_is_quarantined(
    asked: Asked, walks, reason
) -> None:  # type: ignore[no-untyped-def]
    async with served(asked) as address, httpx2.AsyncClient() as http:
        for link in walks(address):
            page = await http.get(link)
            asked.clock.advance(2)  # longer than nobody takes to read
        again = await press(http, page, address)
        assert "One more press, please" in again.text
        asked.clock.advance(5)
        again = await press(http, again, address)
        assert "One more press, please" in again.text, "it presses the button of the next page as well"
    (row,) = await asked.stored()
    assert (row["state"], row["quarantine"].split()[0]) == (ResponseState.QUARANTINED, reason)
    await person_answers(asked, 2)
    assert await asked.stored(ResponseState.QUARANTINED), "kept, to be looked at"


@pytest.mark.stores
async def test_an_office_with_one_address_waits_a_minute_after_the_scanner(asked: Asked) -> None:
    """The person sits behind the same address as the gateway: asked once more at first, and believed after a minute."""
    async with served(asked) as address, httpx2.AsyncClient() as http:
        for link in links(address):
            await http.get(link)
        asked.clock.advance(20)
        page = await http.get(f"{address}?q=QID1&c=1")
        asked.clock.advance(10)
        assert "One more press" in (await press(http, page, address)).text
        asked.clock.advance(60)
        assert (await press(http, page, address)).status_code == 303


@pytest.mark.stores
async def test_a_listed_network_tells_only_soon_after_the_mail(asked: Asked) -> None:
    listed = replace(asked.ports.limits, scanners=Networks.of([OURS]))
    asked.app.state.ports = replace(asked.ports, limits=listed)
    async with served(asked) as address, httpx2.AsyncClient() as http:
        await asked.ports.db.write(_sent_now, asked)
        page = await http.get(address)
        asked.clock.advance(12)
        assert "One more press" in (await press(http, page, address)).text
        asked.clock.advance(30)
        assert (await press(http, page, address)).status_code == 303
    (row,) = await asked.stored(ResponseState.QUARANTINED)
    assert row["quarantine"] == "soon_after_sending scanner_network"


def _sent_now(conn: Connection, asked: Asked) -> None:
    conn.execute(update(invitations).values(sent_at=asked.clock.now()))


@pytest.mark.browser
async def test_a_headless_browser_that_runs_script_stores_nothing(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    async with ask_somebody(db, clock) as asked, served(asked) as address:
        before = await asked.everything()
        context = await browser.new_context()
        for link in links(address):
            page = await context.new_page()
            await page.goto(link, wait_until="networkidle")
            await page.mouse.move(50, 60)
            await page.close()
        await context.close()
        assert await asked.everything() == before
        await person_answers(asked, 60)


@pytest.mark.browser
async def test_a_headless_browser_that_presses_every_button_is_quarantined(
    db: Database, clock: ManualClock, browser: Browser
) -> None:
    async with ask_somebody(db, clock) as asked, served(asked) as address:
        context = await browser.new_context()
        for link in links(address):
            page = await context.new_page()
            await page.goto(link, wait_until="networkidle")
            for _ in range(3):  # the page's button, then those of the pages behind it
                clock.advance(1.5)
                button = page.locator("main button[type=submit], form button").first
                if not await button.count():
                    break
                await button.click()
                await page.wait_for_load_state("networkidle")
            await page.close()
        await context.close()
        assert {row["state"] for row in await asked.stored()} <= {
            ResponseState.QUARANTINED,
            ResponseState.IN_PROGRESS,
        }
        await person_answers(asked, 2)
