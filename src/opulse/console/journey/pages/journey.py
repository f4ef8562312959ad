"""Pages of the journey: live overview, results, and the one search box."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from opulse.console.journey.flow import read_journey
from opulse.console.journey.models import Journey, JourneyPage, ResultPage, WhyPage
from opulse.console.journey.told import find_activation, list_activations
from opulse.experience.impact import read_result
from opulse.monitoring.activations.models import Activation
from opulse.ports import Ports
from opulse.pulses.ledger import explain
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import Pages, frame, page
from opulse.web.live import EVENT_STREAM, STREAM_HEADERS, LiveFeed, StillAllowed, event
from opulse.web.roles import Role

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
LANGUAGES = ("en", "de", "ar")


@router.get("/activations/{activation}/journey")
async def show_journey(request: Request, activation: str, ports: PortsDep, caller: Viewer) -> Response:
    """The activation's journey; its live part follows by itself where scripts run."""
    journey = await read_journey(ports, caller.tenant, activation, caller.locale)
    return await page(request, "journey/journey.html", _page(journey, caller))


@router.get("/activations/{activation}/live")
async def stream_journey(request: Request, activation: str, ports: PortsDep, caller: Viewer) -> Response:
    """Server-sent events: each is the whole live part of the page."""
    await read_journey(ports, caller.tenant, activation, caller.locale)  # 404 before the stream begins
    return StreamingResponse(
        _events(request, caller, activation), media_type=EVENT_STREAM, headers=STREAM_HEADERS
    )


@router.get("/activations/{activation}/result")
async def show_result(
    request: Request, activation: str, ports: PortsDep, caller: Viewer, language: str = ""
) -> Response:
    """Questions, counts, intervals, comments: no names, no small groups."""
    chosen = language if language in LANGUAGES else caller.locale
    result = await read_result(ports, caller.tenant, activation, chosen)
    found = await _activation(ports, caller.tenant, activation)
    return await page(request, "journey/result.html", ResultPage(found, result, chosen, LANGUAGES))


@router.get("/why")
async def show_why(
    request: Request, ports: PortsDep, caller: Editor, q: str = "", activation: str = ""
) -> Response:
    """One search box: person or device → what became of them in one activation, the newest unless another is chosen."""
    recent = await ports.db.read(list_activations, caller.tenant, limit=20)
    chosen = await _activation(ports, caller.tenant, activation) if activation else next(iter(recent), None)
    words = q.strip()
    found = await explain(ports, caller.tenant, chosen.id, words) if chosen and len(words) >= 2 else []
    context = WhyPage(words, chosen, tuple(recent), tuple(found), len(words) >= 2)
    return await page(request, "journey/why.html", context)


@router.get("/results")
async def show_results(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The activations whose results can be read."""
    recent = await ports.db.read(list_activations, caller.tenant, limit=50)
    return await page(request, "journey/results.html", tuple(recent))


async def _events(request: Request, caller: Caller, activation: str) -> AsyncIterator[str]:
    allowed = StillAllowed(request, needs_viewer, caller.tenant)
    pages: Pages = request.app.state.pages
    async for journey in _feed(request).follow((caller.tenant, activation, caller.locale)):
        if not await allowed.check():
            return
        text = pages.render_block(
            await frame(request), "journey/journey.html", "live", _page(journey, caller)
        )
        yield event(text)


def _feed(request: Request) -> LiveFeed[tuple[int, str, str], Journey]:
    """This process's feed of journeys."""
    feed: LiveFeed[tuple[int, str, str], Journey] | None = getattr(request.app.state, "journeys", None)
    if feed is None:
        ports: Ports = request.app.state.ports

        async def read(key: tuple[int, str, str]) -> Journey:
            return await read_journey(ports, *key)

        feed = LiveFeed(read)
        request.app.state.journeys = feed
    return feed


def _page(journey: Journey, caller: Caller) -> JourneyPage:
    may_edit = caller.may(Role.EDITOR)
    return JourneyPage(journey, may_edit, may_edit)


async def _activation(ports: Ports, tenant: int, activation: str) -> Activation:
    found = await ports.db.read(find_activation, tenant, activation)
    if found is None:
        raise NotFound("activation")
    return found
