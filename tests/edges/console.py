"""The whole application in the test's own process, and signed-in browsers of each role that look at its pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import httpx2
from fastapi import FastAPI

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import template_folders
from opulse.ports import Ports
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.flow.tenants import create_tenant
from opulse.web.access import Role
from opulse.web.components.manifest import AssetManifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import Pages, make_environment, show_error
from tests.servers.installation import ADDRESS

ICONS = Path(__file__).parents[2] / "assets" / "icons.json"
FILES = ("logo.svg", "icons.svg", "respondent.css", "respondent.js", "console.css", "console.js", "theme.js")
PASSWORD = "a password of some length"


INLINE = {"a", "b", "bdi", "code", "em", "small", "strong", "time"}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """What a person reads of a page, blanks made one."""
    parser = _Text()
    parser.feed(html)
    return " ".join("".join(parser.parts).split())


@lru_cache(maxsize=1)
def _pages() -> Pages:
    assets = AssetManifest({name: name for name in FILES}, frozenset(json.loads(ICONS.read_text())))
    return Pages(make_environment(template_folders("all"), assets))


def own_app(ports: Ports) -> FastAPI:
    """The product's application; its pages need no built assets here."""
    app = make_app(ports)
    app.state.pages = _pages()
    app.state.show_error = show_error
    return app


@dataclass
class Console:
    """A tenant, and one browser per role that is signed in to it."""

    ports: Ports
    app: FastAPI
    tenant: int
    browsers: dict[Role, httpx2.AsyncClient] = field(default_factory=dict)

    @property
    def admin(self) -> httpx2.AsyncClient:
        return self.browsers[Role.ADMIN]

    @property
    def editor(self) -> httpx2.AsyncClient:
        return self.browsers[Role.EDITOR]

    @property
    def viewer(self) -> httpx2.AsyncClient:
        return self.browsers[Role.VIEWER]


def address_of(role: Role) -> str:
    return f"{role.value}@example.org"


@asynccontextmanager
async def open_browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that nobody signed in with: asks for pages, and says that its forms are ours."""
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 50_000))
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
        yield client


@asynccontextmanager
async def open_console(
    ports: Ports, name: str = "Acme", domain: str = "example.org"
) -> AsyncIterator[Console]:
    """A new tenant with an administrator, an editor and a viewer, each signed in through the page."""
    app = own_app(ports)
    tenant = await create_tenant(ports, name, "test")
    async with (
        open_browser(app) as admin,
        open_browser(app) as editor,
        open_browser(app) as viewer,
    ):
        console = Console(
            ports, app, tenant.id, {Role.ADMIN: admin, Role.EDITOR: editor, Role.VIEWER: viewer}
        )
        for role, client in console.browsers.items():
            email = f"{role.value}@{domain}"
            await add_person(ports, tenant.id, email, role.value.title(), role, PASSWORD, "test")
            answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            assert SESSION_COOKIE in client.cookies
        yield console
