"""A person who opens the link of a mail and answers, in a browser without script; and presses *send* again when nothing came."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2

from opulse.emulators.people import temper_of
from opulse.emulators.people.answering import SHORTEST_READING, filled
from opulse.emulators.people.page import read_forms
from tests.servers.smtp import SunkMail

_LINK = re.compile(r"https?://\S+/s/[\w.~-]+")


def link_in(mail: SunkMail) -> str:
    """The person's own link, from the text part."""
    part = mail.message.get_body(("plain",))
    assert part is not None
    found = _LINK.search(part.get_content())
    assert found is not None
    return found.group()


@dataclass(frozen=True)
class Pressed:
    """A form as it was sent. ``taken``: the page that follows was reached."""

    address: str
    fields: dict[str, list[str]]
    taken: bool


class Browser:
    """Use it as a context."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(timeout=30, trust_env=False, headers={"Accept": "text/html"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def answer(self, link: str) -> Pressed:
        """Open, read, choose, press *send*, until the answer is taken or the connection is lost."""
        page = await self._client.get(link)
        while True:
            assert page.status_code == httpx2.codes.OK, page.text
            form = next(one for one in read_forms(page.text) if one.asks)
            await asyncio.sleep(SHORTEST_READING)
            fields = filled(form, temper_of(7, link, "crash"), "en")
            answer = await self._post(urljoin(link, form.action), fields)
            if answer is None or answer.is_redirect:
                return Pressed(urljoin(link, form.action), fields, answer is not None)
            page = answer

    async def press_again(self, pressed: Pressed) -> None:
        """Reload, as a browser offers after a lost connection: the same bytes once more."""
        answer = await self._post(pressed.address, pressed.fields)
        assert answer is not None
        assert answer.is_redirect, answer.text
        following = await self._client.get(urljoin(pressed.address, answer.headers["location"]))
        assert following.status_code == httpx2.codes.OK

    async def _post(self, address: str, fields: dict[str, list[str]]) -> httpx2.Response | None:
        try:
            return await self._client.post(address, data=fields)
        except httpx2.HTTPError:
            return None
