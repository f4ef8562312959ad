"""What all of it is for: machines report the sensors, and people find a mail, open its survey and answer."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx2
from playwright.async_api import Browser, Page

from opulse.wire.sensor_states import StateBatch, StateChange, encode_batch
from tests.browser.newcomer import READING_SECONDS, Newcomer, until
from tests.guide import notification
from tests.guide.desk import PATIENCE_MS, Desk, Notes
from tests.guide.halves import Halves
from tests.guide.prerequisites import address_of
from tests.servers.browser import new_context
from tests.servers.smtp import SmtpSink, SunkMail

PATIENCE_SECONDS = 90.0


async def trigger(halves: Halves, notes: Notes, systems: int) -> None:
    """Both sensors on the first ``systems`` of the systems, as their agents report them."""
    headers = {"Authorization": f"Bearer {notes.agent_key}"}
    async with httpx2.AsyncClient(
        base_url=halves.systrack.url, headers=headers, timeout=60, trust_env=False
    ) as client:
        known = (await client.get("/api/v1/systems", params={"limit": 50})).json()["systems"]
        guids = {one["name"]: one["system_id"] for one in known}
        instances = {notification.SENSORS[0]: notification.INSTANCE}
        changes = [
            StateChange(sensor, True, instances.get(sensor), system=guids[f"PC-{number}"])
            for number in range(1, systems + 1)
            for sensor in notification.SENSORS
        ]
        answer = await client.post(
            "/api/v1/sensor-states",
            content=encode_batch(StateBatch(str(uuid4()), 1, changes)),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == httpx2.codes.ACCEPTED, answer.text
        assert not answer.json()["refused"], answer.text


async def wait_for_mails(inbox: SmtpSink, count: int) -> dict[str, SunkMail]:
    """By the address that each was sent to; waits until there are ``count``."""

    async def are_here() -> bool:
        return len(inbox.mails()) >= count

    await until(f"{count} mails in the inbox", are_here, PATIENCE_SECONDS)
    return {mail.recipients[0]: mail for mail in inbox.mails()}


async def answer_from_the_inbox(browser: Browser, mail: SunkMail) -> str:
    """Open the mail, press its link, choose an answer to each question, send. The words of the page that follows."""
    context = await new_context(browser, phone=True)
    context.set_default_timeout(PATIENCE_MS)
    reader = await context.new_page()
    body = mail.message.get_body(("html",))
    assert body is not None
    await reader.set_content(body.get_content())
    survey = await _open(reader)
    await asyncio.sleep(READING_SECONDS)
    for group in await survey.locator("fieldset").all():
        if await group.locator("input[type=radio]").count():
            await group.locator("label").nth(1).click()
    await survey.locator("button[name=intent][value=answer]").click()
    await survey.wait_for_url("**sent=1**")
    words = await survey.locator("main").inner_text()
    await context.close()
    return words


async def _open(reader: Page) -> Page:
    """The survey that the mail's link leads to, in a tab of its own or in the same."""
    link = reader.locator("a[href*='/s/']:visible").first
    if await link.get_attribute("target") == "_blank":
        async with reader.expect_popup() as opened:
            await link.click()
        return await opened.value
    async with reader.expect_navigation():
        await link.click()
    return reader


async def see_the_activation(desk: Desk) -> None:
    """In SysTrack: the activation, its systems, and that the recipient was told."""
    await desk.menu("Activations")
    await desk.link(notification.NAME)
    await desk.is_shown("Who was told")
    await desk.is_shown("Delivered")


async def see_the_answer(desk: Desk) -> None:
    """In Qualtrics: everybody was mailed, and the answer is counted on the activation's page, which fills by itself."""
    await desk.menu("Ask", "Results")
    await desk.follow(desk.page.locator("main tbody tr a").first)
    await desk.link("Journey")
    reader = Newcomer(desk.page, desk.url, desk.errors)

    async def is_counted() -> bool:
        return await reader.read_card("Answers") == 1

    await until("the answer on the activation's page", is_counted, PATIENCE_SECONDS)
    assert await reader.read_card("Mails") == notification.NEEDED


def addresses(systems: int) -> set[str]:
    """Of the people in front of the first ``systems`` of the systems."""
    return {address_of(number) for number in range(1, systems + 1)}
