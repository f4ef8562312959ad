"""*Configure Surveys in Qualtrics*: the guide leaves the steps to Qualtrics' documentation; these are ours."""

from __future__ import annotations

from tests.guide.desk import Desk, Notes, Part

NAME = "How bad is it?"

part = Part("Qualtrics 3", "qualtrics")


@part.step(1)
async def create_a_survey(desk: Desk, notes: Notes) -> None:
    """Create a survey that you want to send when sensors are triggered."""
    await desk.menu("Ask", "Surveys")
    await desk.link("New survey")
    await desk.type("Name", NAME)
    await desk.pick("The recommended pulse")
    await desk.press("Make the survey")


@part.step(2)
async def look_at_its_words(desk: Desk, notes: Notes) -> None:
    """Change its words, in each language, where they do not suit."""
    await desk.link("Edit texts")
    await desk.page.go_back()


@part.step(3)
async def publish_it(desk: Desk, notes: Notes) -> None:
    """Publish it."""
    await desk.press("Publish version 1")
    await desk.is_shown("version 1")
