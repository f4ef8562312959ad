"""A person at one of the two products: what they press and type, and the guide's steps as named functions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, Locator, Page

from tests.guide.halves import Half
from tests.servers.browser import new_context

PATIENCE_MS = 45_000
"""For one page or element. Generous: other suites may keep both processors busy."""

Product = Literal["systrack", "qualtrics"]


@dataclass
class Notes:
    """What the person writes down on the way, as they do who follow the guide."""

    api_token: str = ""
    account_name: str = ""
    account_password: str = ""
    token_url: str = ""
    cloud_url: str = ""
    client_id: str = ""
    directory_id: str = ""
    list_id: str = ""
    payload_url: str = ""
    agent_key: str = ""


@dataclass(frozen=True)
class Desk:
    """A signed-in browser at one product. ``errors``: what its pages complained about, in script or in answers."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    async def menu(self, *path: str) -> None:
        """In the left menu, under the heading, the link; or a link that stands under none."""
        *heading, label = path
        menu = self.page.get_by_role("navigation", name="Main")
        if heading:
            section = menu.locator("details", has=self.page.locator("summary", has_text=heading[0]))
            if await section.get_attribute("open") is None:
                await section.locator("summary").click()
            menu = section
        await self.follow(menu.get_by_role("link", name=label))

    async def follow(self, link: Locator) -> None:
        """Press what leads to another page, and be there."""
        async with self.page.expect_navigation():
            await link.click()

    async def link(self, name: str, exact: bool = False) -> None:
        """Follow the first link of this name."""
        await self.follow(self.page.locator("main").get_by_role("link", name=name, exact=exact).first)

    async def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button that sends the form it stands in."""
        await self.follow((within or self.page).get_by_role("button", name=name).first)

    async def type(self, name: str, text: str, within: Locator | None = None) -> None:
        """Key by key into the text field of this name, instead of what stands there."""
        box = (within or self.page).get_by_role("textbox", name=name, exact=True)
        await box.fill("")
        await box.press_sequentially(text)

    async def paste(self, name: str, text: str, within: Locator | None = None) -> None:
        """Into the text field of this name, instead of what stands there."""
        await (within or self.page).get_by_role("textbox", name=name, exact=True).fill(text)

    async def paste_secret(self, name: str, text: str) -> None:
        """Into a field that shows dots; those have no role that a screen reader could name."""
        await self.page.get_by_label(name, exact=True).fill(text)

    async def choose(self, name: str, label: str, within: Locator | None = None) -> None:
        """The option of this drop-down whose words hold ``label``."""
        box = (within or self.page).get_by_role("combobox", name=name)
        option = box.locator("option", has_text=label).first
        await box.select_option(value=str(await option.get_attribute("value")))

    async def chosen(self, name: str) -> str:
        """The words of what a drop-down says now."""
        box = self.page.get_by_role("combobox", name=name)
        return (await box.locator("option:checked").inner_text()).strip()

    async def pick(self, name: str) -> None:
        """One of a few big choices."""
        await self.page.locator(
            "label.op-choice", has=self.page.locator("strong", has_text=name)
        ).first.click()

    async def tick(self, name: str) -> None:
        """A check box, by its words."""
        box = self.page.get_by_role("checkbox", name=name)
        if not await box.is_checked():
            await self.page.locator(f"label[for={await box.get_attribute('id')}]").click()

    async def insert(self, field_name: str, pipe: str) -> None:
        """Press the ``{a}`` beside a field and choose what is piped in."""
        chooser = self.page.locator("details.op-insert", has_text=f"Insert into {field_name}")
        await chooser.locator("summary").click()
        await chooser.get_by_role("button", name=pipe, exact=True).click()

    async def copy(self, label: str) -> str:
        """What stands in a field to copy."""
        return await self.page.get_by_label(label, exact=True).first.input_value()

    async def is_shown(self, words: str) -> None:
        """Wait for these words on the page."""
        await self.page.locator("main").get_by_text(words).first.wait_for()


Do = Callable[[Desk, Notes], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """A numbered step of a part. ``what`` is the first line of its docstring: the guide's words, shortened."""

    number: int
    what: str
    do: Do


class StepFailed(AssertionError):
    """A step did not work; its number and words come first."""


@dataclass
class Part:
    """A procedure of the guide: ``name`` is what numbers begin with, as in ``SysTrack 2.5``."""

    name: str
    product: Product
    steps: list[Step] = field(default_factory=list)

    def step(self, number: int) -> Callable[[Do], Do]:
        """Mark the function that does the step of this number; steps are done in the order of the module."""

        def mark(do: Do) -> Do:
            self.steps.append(Step(number, (do.__doc__ or "").strip().partition("\n")[0], do))
            return do

        return mark

    async def walk(self, desk: Desk, notes: Notes) -> None:
        """Do every step.

        Raises:
            StepFailed: names the step that did not work.
        """
        for step in self.steps:
            try:
                await step.do(desk, notes)
            except Exception as error:  # whatever it is, the reader wants to know at which step
                where = f"{self.name}.{step.number} ({step.what}) at {desk.page.url}"
                said = await desk.page.locator("main [role=alert]").all_inner_texts()
                raise StepFailed(f"{where}: {error}\nThe page said: {said}") from error
        assert desk.errors == [], f"{self.name}: {desk.errors}"


@asynccontextmanager
async def sit_down(browser: Browser, half: Half) -> AsyncIterator[Desk]:
    """Sign in to the product's console, as its administrator."""
    context = await new_context(browser)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    desk = Desk(page, half.url)
    page.on("pageerror", lambda error: desk.errors.append(str(error)))
    page.on("response", lambda answer: desk.errors.append(answer.url) if answer.status >= 500 else None)
    await page.goto(f"{half.url}/sign-in")
    await desk.type("E-mail address", half.email)
    await page.locator("input[type=password]").press_sequentially(half.password)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    yield desk
    await context.close()
