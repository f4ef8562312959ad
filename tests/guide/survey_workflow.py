"""*Create Qualtrics Workflows for Your Surveys*."""

from __future__ import annotations

from tests.guide import notification, surveys
from tests.guide.desk import Desk, Notes, Part

NAME = "Ask how bad it is"

part = Part("Qualtrics 4", "qualtrics")


@part.step(1)
async def select_workflows(desk: Desk, notes: Notes) -> None:
    """In Qualtrics main menu, select Workflows."""
    await desk.menu("Ask", "Workflows")


@part.step(2)
async def create_a_workflow(desk: Desk, notes: Notes) -> None:
    """Select Create a Workflow, and select Started when an event is received."""
    await desk.link("Create a workflow")
    await desk.is_shown("Started when an event is received")


@part.step(3)
async def name_it(desk: Desk, notes: Notes) -> None:
    """Enter a name, and select Stand-alone workflow for the Location."""
    await desk.type("Name", NAME)
    await desk.choose("Location", "Stand-alone workflow")


@part.step(4)
async def select_experience_id_change(desk: Desk, notes: Notes) -> None:
    """On the Select an extension page, select the Experience ID Change extension."""
    await desk.pick("Experience ID Change")
    await desk.press("Create")
    await desk.page.get_by_role("heading", name="Experience ID Change").wait_for()


@part.step(5)
async def select_contact_data_change(desk: Desk, notes: Notes) -> None:
    """On the Experience ID Change page, select Contact data change."""
    await desk.is_shown("Contact data change")


@part.step(6)
async def select_the_directory(desk: Desk, notes: Notes) -> None:
    """Under Select an XM Directory, the default directory; tick updated and created."""
    await desk.choose("Select an XM Directory", "Default directory")
    await desk.tick("Contact data has been updated")
    await desk.tick("Contact data has been created")


@part.step(7)
async def add_the_embedded_data_field(desk: Desk, notes: Notes) -> None:
    """Under Add embedded data fields for your workflow conditions setup, lastAlarm; Save."""
    await desk.type("Add embedded data fields for your workflow conditions setup", "lastAlarm")
    await desk.press("Save", desk.page.locator("main form .op-form-foot"))


@part.step(8)
async def add_a_condition(desk: Desk, notes: Notes) -> None:
    """On the Workflow editor tab, select Add a condition."""
    await desk.press("Add a condition")


@part.step(9)
async def fill_in_the_condition(desk: Desk, notes: Notes) -> None:
    """All of the following are true: lastAlarm, Current Value, contains, the sensor's name."""
    await desk.choose("How the conditions combine", "All of the following are true")
    await _fill_in(desk, 0)


@part.step(10)
async def save_the_condition(desk: Desk, notes: Notes) -> None:
    """Select Save condition."""
    await desk.press("Save condition", desk.page.locator("#conditions .op-form-foot"))
    await desk.is_shown("The conditions are saved")


@part.step(11)
async def insert_a_condition_below(desk: Desk, notes: Notes) -> None:
    """For each further sensor, Insert condition below."""
    await desk.press("Insert a condition below", desk.page.locator("#conditions .op-line").last)
    await _fill_in(desk, 1)
    await desk.press("Save condition", desk.page.locator("#conditions .op-form-foot"))
    await desk.page.get_by_role("heading", name="All must hold").wait_for()


async def _fill_in(desk: Desk, place: int) -> None:
    """The line of sensor number ``place``: the first line is ours, *has changed*, and stays."""
    line = desk.page.locator("#conditions .op-line").nth(place + 1)
    await desk.choose("Field", "lastAlarm", line)
    await desk.choose("Value", "Current value", line)
    await line.get_by_role("combobox", name="Operator").select_option(label="contains")
    await desk.type("Compared with", notification.SENSORS[place], line)


@part.step(12)
async def add_a_task(desk: Desk, notes: Notes) -> None:
    """Select the + button and select Add a task."""
    await desk.link("Add a task")


@part.step(13)
async def select_xm_directory(desk: Desk, notes: Notes) -> None:
    """On the Select an extension page, select the XM Directory extension."""
    await desk.is_shown("Select an extension that matches what you want to do")
    await desk.link("XM Directory: Distribute Survey")


@part.step(14)
async def complete_the_options(desk: Desk, notes: Notes) -> None:
    """On the Distribute Survey Task page, complete the options."""
    await desk.choose("Distribution Type", "Individual")
    await desk.choose("Distribution Method", "Email / Embedded Data")
    await desk.choose("Link Type", "Individual")
    await desk.choose("When", "Immediately")
    saving = "Select how you want to save or update info"
    await desk.choose(saving, "Save or update it as embedded data to your XM directory contacts")
    await desk.choose("Contact List", "Asked in incidents")
    for name, pipe in (("First name", "FirstName"), ("Last name", "LastName"), ("Email address", "Email")):
        await desk.paste(name, "")
        await desk.insert(name, f"Main Contact Data: {pipe}")
    await desk.paste("Language", "en")
    await desk.choose("Survey", surveys.NAME)
    await desk.type("From Address", "it-pulse@acme.example")
    await desk.type("From Name", "IT of Acme")
    await desk.type("Reply-To Email", "desk@acme.example")
    await desk.type("Subject", "Is Outlook slow, ")
    await desk.insert("Subject", "Main Contact Data: FirstName")
    await desk.type("Message", "Tell us how bad it is. ")
    await desk.insert("Message", "Link to the survey")


@part.step(15)
async def save_the_task(desk: Desk, notes: Notes) -> None:
    """Select Save; and ours: turn the workflow on."""
    await desk.press("Save", desk.page.locator("main form .op-form-foot"))
    await desk.is_shown("XM Directory: Distribute Survey")
    if await desk.page.get_by_role("button", name="Turn on").count():
        await desk.press("Turn on")
    await desk.page.get_by_role("button", name="Turn off").wait_for()
