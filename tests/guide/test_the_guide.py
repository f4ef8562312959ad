"""The guide from its first step to an answered survey, on two installations that meet only on the wire.

Each test is a procedure. One that is run alone has those before it done first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.guide import (
    incident,
    notification,
    prerequisites,
    recipient,
    recipient_workflow,
    survey_workflow,
    surveys,
)
from tests.guide.desk import Notes, Part, sit_down
from tests.guide.halves import Halves, open_halves

pytestmark = pytest.mark.browser

PARTS: tuple[Part, ...] = (
    prerequisites.systrack,
    prerequisites.qualtrics,
    recipient_workflow.event,
    recipient_workflow.task,
    recipient.part,
    surveys.part,
    notification.part,
    survey_workflow.part,
)
STEPS_OF_THE_GUIDE = {
    "Qualtrics 1": 8,
    "Qualtrics 2": 8,
    "SysTrack 1": 6,
    "SysTrack 2": 6,
    "Qualtrics 4": 15,
}
"""How many numbers each list of the guide has; it leaves *Configure Surveys in Qualtrics* to another document."""

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "follow-the-guide.md"


@dataclass
class Walk:
    """The two products, what was written down, and how many parts are done."""

    halves: Halves
    notes: Notes = field(default_factory=Notes)
    done: int = 0

    async def up_to(self, part: Part, browser: Browser) -> None:
        """Do this part, and those before it that were not done yet."""
        for one in PARTS[self.done : PARTS.index(part) + 1]:
            half = self.halves.systrack if one.product == "systrack" else self.halves.qualtrics
            async with sit_down(browser, half) as desk:
                await one.walk(desk, self.notes)
            self.done += 1


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with open_halves(tmp_path_factory.mktemp("guide")) as halves:
        yield Walk(halves)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
async def test_the_part_is_done_step_by_step(walk: Walk, browser: Browser, part: Part) -> None:
    await walk.up_to(part, browser)
    assert walk.done > PARTS.index(part)


async def test_triggered_sensors_lead_to_a_mail_that_is_opened_and_answered(
    walk: Walk, browser: Browser
) -> None:
    await walk.up_to(PARTS[-1], browser)
    await incident.trigger(walk.halves, walk.notes, notification.NEEDED)
    mails = await incident.wait_for_mails(walk.halves.inbox, notification.NEEDED)
    assert mails.keys() == incident.addresses(notification.NEEDED)
    mail = mails[prerequisites.address_of(1)]
    assert mail.message["From"] == "IT of Acme <it-pulse@acme.example>"
    assert mail.message["Reply-To"] == "desk@acme.example"
    assert str(mail.message["Subject"]).startswith("Is Outlook slow, Person")
    assert await incident.answer_from_the_inbox(browser, mail)
    async with sit_down(browser, walk.halves.systrack) as desk:
        await incident.see_the_activation(desk)
    async with sit_down(browser, walk.halves.qualtrics) as desk:
        await incident.see_the_answer(desk)
    assert len(walk.halves.inbox.mails()) == notification.NEEDED


def test_every_numbered_step_of_the_guide_is_a_function() -> None:
    for part in PARTS:
        numbers = [step.number for step in part.steps]
        assert numbers == list(range(1, len(numbers) + 1)), part.name
        assert len(numbers) == STEPS_OF_THE_GUIDE.get(part.name, len(numbers))
        assert all(step.what for step in part.steps)
    assert STEPS_OF_THE_GUIDE.keys() <= {part.name for part in PARTS}


def test_the_documentation_has_the_same_steps() -> None:
    sections = re.split(r"^## ", HOWTO.read_text(), flags=re.MULTILINE)[1:]
    written = {
        section.partition("\n")[0].partition(":")[0].strip(): len(
            re.findall(r"^\d+\. ", section, re.MULTILINE)
        )
        for section in sections
    }
    assert {part.name: len(part.steps) for part in PARTS}.items() <= written.items()
