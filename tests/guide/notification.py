"""*Configure the Notifications in SysTrack*."""

from __future__ import annotations

from tests.guide import recipient
from tests.guide.desk import Desk, Notes, Part

NAME = "Outlook hangs and the network is slow"
SENSORS = ("Application Hang", "High Retransmission Rate")
INSTANCE = "outlook.exe"
NEEDED = 3

part = Part("SysTrack 2", "systrack")


@part.step(1)
async def select_notifications(desk: Desk, notes: Notes) -> None:
    """In the left menu under Sensor Configuration, select Notifications."""
    await desk.menu("Sensor Configuration", "Recipients")
    await desk.menu("Sensor Configuration", "Notifications")


@part.step(2)
async def select_the_notifications_tab(desk: Desk, notes: Notes) -> None:
    """Select Notifications."""
    views = desk.page.get_by_role("navigation", name="Views of this page")
    await views.get_by_role("link", name="Notifications").click()


@part.step(3)
async def open_the_lock(desk: Desk, notes: Notes) -> None:
    """Select the lock so that you can edit the page."""
    await desk.link("Unlock to edit")


@part.step(4)
async def create_notification(desk: Desk, notes: Notes) -> None:
    """Click the + button to create a new Notification."""
    await desk.link("Create notification")
    await desk.page.get_by_role("heading", name="Create Notification").wait_for()


@part.step(5)
async def complete_the_settings(desk: Desk, notes: Notes) -> None:
    """On the Create Notification page, complete the settings."""
    await desk.type("Name", NAME)
    await desk.type("Description", "Mail and network at once")
    for sensor in SENSORS:
        await desk.page.get_by_role("searchbox", name="Search").fill(sensor)
        await desk.press("Search", desk.page.locator("#picker .op-filters"))
        await desk.follow(desk.page.get_by_role("button", name=f"Add {sensor}", exact=True))
    await desk.page.get_by_role("combobox", name=f"Instance of {SENSORS[0]}").fill(INSTANCE)
    await desk.choose("Group of systems", "All Systems")
    await desk.pick("Number of systems")
    await desk.type("Number or percentage", str(NEEDED))
    await desk.tick(recipient.NAME)


@part.step(6)
async def save_notification(desk: Desk, notes: Notes) -> None:
    """Select Save Notification."""
    await desk.press("Save Notification")
    await desk.menu("Sensor Configuration", "Notifications")
    row = await desk.page.get_by_role("row", name=NAME).inner_text()
    assert all(sensor in row for sensor in SENSORS), row
