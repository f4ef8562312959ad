"""What the demo's own routes need, and how they join the running application: only a demo has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI, Request
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from opulse.cli.demo.incidents import Incidents
from opulse.cli.demo.running import Demo
from opulse.cli.demo.scenarios import EVERYWHERE, Scenario
from opulse.mail.inbox import Mailbox
from opulse.web.components.frame import FrameFacts, FrameSource
from opulse.web.components.navigation import NavItem, NavSection
from opulse.web.joining import join
from opulse.web.layout import Pages
from opulse.web.roles import Caller

TEMPLATES = Path(__file__).resolve().parent / "templates"


SIDEBAR = NavSection(
    "Demo",
    (
        NavItem("demo-incidents", "Start an incident", "/demo/incidents", "player-play"),
        NavItem("demo-inbox", "Inbox", "/demo/inbox", "inbox"),
    ),
)


class DemoFrame:
    """The frame of the installation, with the demo's links in the sidebar."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    async def frame_facts(self, caller: Caller) -> FrameFacts:
        return replace(await self._source.frame_facts(caller), more=(SIDEBAR,))


@dataclass(frozen=True, slots=True)
class Desk:
    """``app.state.demo``: its presence tells other pages that this is a demo."""

    mailbox: Mailbox
    incidents: Incidents
    scenarios: tuple[Scenario, ...]
    sizes: tuple[int, ...]
    yours: str


def desk_of(request: Request) -> Desk:
    """A dependency of the demo's routes."""
    desk: Desk = request.app.state.demo
    return desk


def open_desk(demo: Demo, incidents: Incidents) -> None:
    """Add the inbox and the incident button to the application that serves."""
    from opulse.cli.demo import api, pages

    sizes = tuple(
        sum(scenario.group in (system.site, EVERYWHERE) for system in demo.estate.systems)
        for scenario in demo.scenarios
    )
    demo.app.state.demo = Desk(demo.inbox.mailbox, incidents, demo.scenarios, sizes, demo.estate.you.email)
    demo.app.state.frame_source = DemoFrame(demo.app.state.frame_source)
    join(demo.app.router, api.router)
    join(demo.app.router, pages.router)
    _add_templates(demo.app)


def _add_templates(app: FastAPI) -> None:
    shown: Pages | None = app.state.pages
    if shown is None:
        return  # without built assets there are no pages; the JSON routes work all the same
    loader = shown.environment.loader
    assert isinstance(loader, ChoiceLoader)
    loader.loaders = [*loader.loaders, PrefixLoader({"demo": FileSystemLoader(TEMPLATES)})]
