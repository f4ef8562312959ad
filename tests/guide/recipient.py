"""*Configure the Recipient in SysTrack*."""

from __future__ import annotations

from tests.guide.desk import Desk, Notes, Part

NAME = "Qualtrics"

BODY = """{
    "eventId": "@{notificationActivationId}",
    "eventTime": "@{activationTime}",
    "eventType": "SensorNotification.Activated",
    "data": {
        "sensorNames": [@{sensorNames}],
        "systemsAtActivationURL":"@{systemsAtActivationURL}"
    }
}"""
"""The guide's, to the letter."""

part = Part("SysTrack 1", "systrack")


@part.step(1)
async def select_notifications(desk: Desk, notes: Notes) -> None:
    """In the left menu, under Sensor Configuration, select Notifications."""
    await desk.menu("Sensor Configuration", "Notifications")


@part.step(2)
async def select_recipients(desk: Desk, notes: Notes) -> None:
    """Select Recipients."""
    await desk.follow(
        desk.page.get_by_role("navigation", name="Views of this page").get_by_role("link", name="Recipients")
    )


@part.step(3)
async def open_the_lock(desk: Desk, notes: Notes) -> None:
    """Select the lock so that you can edit the page."""
    await desk.link("Unlock to edit")


@part.step(4)
async def add_new_recipient(desk: Desk, notes: Notes) -> None:
    """Click the + button to create a new recipient."""
    await desk.link("Add new recipient")
    await desk.page.get_by_role("heading", name="Add New Recipient").wait_for()


@part.step(5)
async def complete_the_settings(desk: Desk, notes: Notes) -> None:
    """In Add New Recipient, complete the settings; and ours: Test Webhook."""
    await desk.choose("Recipient Type", "System")
    await desk.type("Name", NAME)
    await desk.choose("Connection", "Webhook")
    await desk.paste("URL", notes.payload_url)
    await desk.choose("Request Method", "POST")
    await desk.pick("Off")
    await desk.press("Add header")
    headers = desk.page.locator("#headers")
    await desk.type("Name", "X-API-TOKEN", headers)
    await desk.paste("Value", notes.api_token, headers)
    await headers.get_by_role("checkbox", name="Sensitive").check()
    await desk.paste("Body", BODY)
    await desk.press("Test Webhook")
    await desk.is_shown("The test was taken")


@part.step(6)
async def add_recipient(desk: Desk, notes: Notes) -> None:
    """Select Add Recipient."""
    await desk.press("Add Recipient")
    await desk.menu("Sensor Configuration", "Recipients")
    row = desk.page.get_by_role("row", name=NAME)
    assert "Webhook" in await row.inner_text()
