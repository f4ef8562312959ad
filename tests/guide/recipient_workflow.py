"""*Create a Qualtrics Workflow for Your Recipient*: its two numbered lists."""

from __future__ import annotations

from tests.guide.desk import Desk, Notes, Part

NAME = "SysTrack tells"

event = Part("Qualtrics 1", "qualtrics")
task = Part("Qualtrics 2", "qualtrics")


@event.step(1)
async def select_workflows(desk: Desk, notes: Notes) -> None:
    """In Qualtrics main menu, select Workflows."""
    await desk.menu("Ask", "Workflows")


@event.step(2)
async def create_a_workflow(desk: Desk, notes: Notes) -> None:
    """Select Create a Workflow, and select Started when an event is received."""
    await desk.link("Create a workflow")
    await desk.is_shown("Started when an event is received")


@event.step(3)
async def name_it(desk: Desk, notes: Notes) -> None:
    """Enter a name for the workflow, and select a Location."""
    await desk.type("Name", NAME)
    await desk.choose("Location", "Stand-alone workflow")


@event.step(4)
async def select_json(desk: Desk, notes: Notes) -> None:
    """On the Select an extension page, select the JSON extension."""
    await desk.is_shown("Select an extension that matches what you want to do")
    await desk.pick("JSON")
    await desk.press("Create")


@event.step(5)
async def copy_the_payload_url(desk: Desk, notes: Notes) -> None:
    """The field under Call the event with a JSON payload contains the URL for the recipient."""
    await desk.is_shown("Call the event with a JSON payload")
    notes.payload_url = await desk.copy("URL")
    assert notes.payload_url.startswith(desk.url)


@event.step(6)
async def open_the_advanced_settings(desk: Desk, notes: Notes) -> None:
    """Select Advanced settings to show more fields."""
    await desk.page.get_by_role("heading", name="Advanced settings").wait_for()


@event.step(7)
async def create_two_json_fields(desk: Desk, notes: Notes) -> None:
    """Under JSON fields, create Systems URL and Sensor Names."""
    fields = desk.page.get_by_role("group", name="JSON fields")
    await desk.type("Name 1", "Systems URL", fields)
    await desk.type("JSON path 1", "data.systemsAtActivationURL", fields)
    await desk.type("Name 2", "Sensor Names", fields)
    await desk.type("JSON path 2", "data.sensorNames", fields)
    await desk.choose("Authentication", "API token")


@event.step(8)
async def save_the_event(desk: Desk, notes: Notes) -> None:
    """Click Save."""
    await desk.press("Save", desk.page.locator("main form .op-form-foot"))
    await desk.is_shown("data.systemsAtActivationURL")


@task.step(1)
async def add_a_task(desk: Desk, notes: Notes) -> None:
    """On the Workflow editor tab, click + and select Add a task."""
    await desk.menu("Ask", "Workflows")
    await desk.link(NAME)
    await desk.link("Add a task")


@task.step(2)
async def select_operational_pulse(desk: Desk, notes: Notes) -> None:
    """On the Select an extension page, select the Operational Pulse extension."""
    await desk.is_shown("Select an extension that matches what you want to do")
    await desk.link("Operational Pulse")
    await desk.is_shown("Update Contact Metadata")


@task.step(3)
async def add_a_user_account(desk: Desk, notes: Notes) -> None:
    """Under Choose account, select Add a user account."""
    await desk.is_shown("Choose account")
    if not await desk.page.get_by_label("SysTrack API Account").is_visible():
        await desk.page.locator("summary", has_text="Add a user account").click()


@task.step(4)
async def name_the_account(desk: Desk, notes: Notes) -> None:
    """Enter any name you prefer for the account."""
    await desk.type("Name", "SysTrack of Acme")


@task.step(5)
async def enter_the_password(desk: Desk, notes: Notes) -> None:
    """For API Token, enter the password for your SysTrack Service Account."""
    await desk.paste_secret("API Token", notes.account_password)


@task.step(6)
async def enter_the_user_name(desk: Desk, notes: Notes) -> None:
    """For SysTrack API Account, enter the user name of the Service Account."""
    await desk.paste("SysTrack API Account", notes.account_name)


@task.step(7)
async def fill_in_the_required_data(desk: Desk, notes: Notes) -> None:
    """On the Required Data page, make the selections."""
    await desk.is_shown("Required Data")
    await desk.insert("Systems URL", "JSON field: Systems URL")
    await desk.insert("Sensor Names", "JSON field: Sensor Names")
    await desk.paste("Token URL", notes.token_url)
    await desk.paste("Cloud URL", notes.cloud_url)
    await desk.paste("Client ID", notes.client_id)
    await desk.choose("List ID", "Asked in incidents")
    await desk.choose("Directory ID", "Default directory")


@task.step(8)
async def save_the_task(desk: Desk, notes: Notes) -> None:
    """Select Save; and ours: turn the workflow on."""
    await desk.press("Save", desk.page.locator("main form .op-form-foot"))
    await desk.is_shown("Operational Pulse: Update Contact Metadata")
    if await desk.page.get_by_role("button", name="Turn on").count():
        await desk.press("Turn on")
    await desk.page.get_by_role("button", name="Turn off").wait_for()
