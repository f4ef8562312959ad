"""Open the link of a mail and answer, over HTTP, as a browser without script does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from opulse.clock import Clock
from opulse.emulators.people.page import PageForm, read_forms
from opulse.emulators.people.temper import Temper

AT_ONCE = 12
"""Pages that are open at one time: the simulation shares the processor with what it simulates."""
SHORTEST_WAY = 3.6
SHORTEST_READING = 1.3
"""Real seconds, however fast the person's clock runs: what comes sooner, the page takes for a mail scanner's doing."""
MOST_PAGES = 4


class AnswerFailed(Exception):
    """A page could not be answered; says which status or what was missing."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One link to open. ``waited``: real seconds since the mail was accepted."""

    link: str
    language: str
    temper: Temper
    waited: float = 0.0


class Respondents:
    """People with browsers. ``clock`` is theirs: a scaled one makes minutes pass in seconds."""

    def __init__(self, clock: Clock, at_once: int = AT_ONCE) -> None:
        self._clock = clock
        self._open = asyncio.Semaphore(at_once)
        # everybody has a browser of their own: no connection is used by two of them, or kept while somebody reads
        apart = httpx2.Limits(max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(timeout=30, trust_env=False, follow_redirects=False, limits=apart)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def answer_in_time(self, visit: Visit) -> None:
        """Wait as long as this person takes to look at mail, then answer."""
        await self._clock.sleep(visit.temper.after)
        await asyncio.sleep(max(0.0, SHORTEST_WAY - visit.waited))
        await self.answer(visit)

    async def answer(self, visit: Visit) -> None:
        """Open the link, read, choose, press *send*, and see the next page.

        Raises:
            AnswerFailed: the page did not take the answer.
        """
        async with self._open:
            html = await self._get(visit.link, visit.language)
            for _ in range(MOST_PAGES):
                form = next((form for form in read_forms(html) if form.buttons or form.asks), None)
                if form is None or not form.action:
                    raise AnswerFailed("the page has no form to answer")
                await self._read(visit.temper)
                following = await self._post(urljoin(visit.link, form.action), visit, form)
                if following is None:
                    return
                html = following
        raise AnswerFailed(f"the page still asks after {MOST_PAGES} times")

    async def _read(self, temper: Temper) -> None:
        await asyncio.gather(self._clock.sleep(temper.reading), asyncio.sleep(SHORTEST_READING))

    async def _get(self, link: str, language: str) -> str:
        answer = await self._ask("GET", link, language)
        if answer.status_code != httpx2.codes.OK:
            raise AnswerFailed(f"the link answered {answer.status_code}")
        return answer.text

    async def _post(self, address: str, visit: Visit, form: PageForm) -> str | None:
        """Press the first button. The page that follows if it asks on; None when the answer was taken."""
        fields = filled(form, visit.temper, visit.language)
        answer = await self._ask("POST", address, visit.language, fields)
        if answer.is_redirect:
            seen = await self._ask("GET", urljoin(address, answer.headers["location"]), visit.language)
            if seen.status_code != httpx2.codes.OK:
                raise AnswerFailed(f"after the answer the page answered {seen.status_code}")
            return None
        if answer.status_code not in (httpx2.codes.OK, httpx2.codes.UNPROCESSABLE_ENTITY):
            raise AnswerFailed(f"the page answered {answer.status_code}")
        return answer.text

    async def _ask(
        self, method: str, address: str, language: str, fields: dict[str, list[str]] | None = None
    ) -> httpx2.Response:
        headers = {"Accept": "text/html", "Accept-Language": language}
        try:
            return await self._client.request(method, address, headers=headers, data=fields)
        except httpx2.HTTPError as error:
            raise AnswerFailed(f"{type(error).__name__}: {error}") from error


def filled(form: PageForm, temper: Temper, language: str) -> dict[str, list[str]]:
    """What a person sends who answers every choice, and the free field where they feel like it. Pure."""
    fields: dict[str, list[str]] = {}
    pairs = [*form.values]
    pairs += [
        (name, temper.choose(number, choices)) for number, (name, choices) in enumerate(form.radios.items())
    ]
    pairs += [(name, temper.comment(language)) for name in form.texts]
    pairs += form.buttons[:1]
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields
