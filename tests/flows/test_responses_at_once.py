"""The first look at an answer page: answered at once, and the very page that the application would have shown."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from opulse.bootstrap.app import make_app
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions.models import DistributionState, LinkType
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.pages import AT_ONCE, FRONT, answering
from opulse.experience.responses.pages.routes import OpenRoute
from opulse.experience.surveys.flow import close_survey
from opulse.ports import Ports
from opulse.web.access import needs_viewer
from opulse.web.at_once import Application
from opulse.web.components.manifest import STATIC_DIR, load_manifest
from opulse.wire.tokens import LinkPurpose
from tests.unit.experience.responses.asked_people import Asked, ask_somebody
from tests.unit.experience.responses.world import browse

pytestmark = pytest.mark.stores

FIRST_LOOKS = ("", "?q=QID1&c=4", "?lang=ar", "?lang=de&q=QID1&c=2", "?lang=xx")
OTHERS = ("?change=1", "?q=QID1&c=99", "?q=QID9&c=1", "?sent=1", "?utm=mail")
STAMP = re.compile(r'name="stamp" value="([^"]+)"')


@pytest.fixture
async def asked(db: Database, clock: ManualClock) -> AsyncIterator[Asked]:
    async with ask_somebody(db, clock) as one:
        yield one


def at_once(asked: Asked) -> Application:
    """The same application, asked at once first."""
    app = Application()
    app.router.routes.extend(route for router in FRONT for route in router.routes)
    app.state = asked.app.state
    app.at_once = {prefix: answers(app.state) for prefix, answers in AT_ONCE.items()}
    return app


async def answered_at_once(app: Application, path: str) -> bool:
    bare, _, query = path.partition("?")
    scope = {"type": "http", "path": bare, "query_string": query.encode(), "headers": []}
    return await app.at_once["/s/"].answer(scope) is not None


@pytest.mark.parametrize("query", FIRST_LOOKS)
@pytest.mark.parametrize("languages", ["de-AT,de;q=0.9", "ar", ""])
async def test_it_is_the_same_page_with_the_same_headers(asked: Asked, query: str, languages: str) -> None:
    app = at_once(asked)
    assert await answered_at_once(app, f"{asked.path}{query}")
    async with browse(app) as client:
        for _ in range(2):  # drawn, then filled
            quick = await client.get(f"{asked.path}{query}", headers={"Accept-Language": languages})
            plain = await asked.open(query, **{"Accept-Language": languages})
            assert quick.text == plain.text
            assert quick.headers["content-encoding"] == "gzip"
            for name in (
                "content-security-policy",
                "cache-control",
                "referrer-policy",
                "x-robots-tag",
                "content-type",
            ):
                assert quick.headers[name] == plain.headers[name], name
        unpacked = await client.get(
            f"{asked.path}{query}", headers={"Accept-Language": languages, "Accept-Encoding": "identity"}
        )
        assert "content-encoding" not in unpacked.headers
        assert unpacked.text == plain.text


@pytest.mark.parametrize("query", OTHERS)
async def test_any_other_page_is_left_to_the_application(asked: Asked, query: str) -> None:
    app = at_once(asked)
    assert not await answered_at_once(app, f"{asked.path}{query}")
    async with browse(app) as client:
        assert (await client.get(f"{asked.path}{query}")).text == (await asked.open(query)).text


async def test_two_people_get_their_own_stamp_and_time_on_one_drawn_page(
    asked: Asked, db: Database, clock: ManualClock
) -> None:
    app = at_once(asked)
    async with browse(app) as client:
        first = (await client.get(asked.path)).text
        clock.advance(1)
        second = (await client.get(asked.path)).text
    assert set(STAMP.findall(first)) != set(STAMP.findall(second))
    assert STAMP.sub("", first) == STAMP.sub("", second)


async def test_a_link_that_is_not_open_any_more_is_not_a_first_look(asked: Asked) -> None:
    app = at_once(asked)
    forged = asked.path[:-1] + ("A" if asked.path[-1] != "A" else "B")
    assert not await answered_at_once(app, forged)
    assert not await answered_at_once(app, asked.address(LinkPurpose.PREVIEW))
    await asked.press(QID2="3")
    assert [row["state"] for row in await asked.stored()] == [ResponseState.IN_PROGRESS]
    assert not await answered_at_once(app, asked.path), "what was begun is shown as it stands"


async def test_nor_is_one_whose_person_said_not_me(asked: Asked) -> None:
    await asked.press(intent="not_me")
    assert not await answered_at_once(at_once(asked), asked.path)


async def test_nor_one_that_is_closed_cancelled_or_over(asked: Asked) -> None:
    app = at_once(asked)
    await asked.set_distribution(state=DistributionState.CANCELLED.value)
    assert not await answered_at_once(app, asked.path)
    await asked.set_distribution(state=DistributionState.RUNNING.value)
    assert await answered_at_once(app, asked.path)
    asked.clock.advance(24 * 3600)
    assert not await answered_at_once(app, asked.path)


async def test_a_survey_that_is_closed_after_the_page_was_drawn_stays_closed(asked: Asked) -> None:
    app = at_once(asked)
    assert await answered_at_once(app, asked.path)
    await close_survey(asked.ports, asked.tenant, asked.survey, "test")
    assert not await answered_at_once(app, asked.path)


async def test_a_link_for_many_is_not_one(db: Database, clock: ManualClock) -> None:
    async with ask_somebody(db, clock, link_type=LinkType.ANONYMOUS) as asked:
        assert not await answered_at_once(at_once(asked), asked.path)


async def test_it_writes_nothing(asked: Asked) -> None:
    app = at_once(asked)
    before = await asked.everything()
    async with browse(app) as client:
        for query in FIRST_LOOKS:
            assert (await client.get(f"{asked.path}{query}")).status_code == 200
    assert await asked.everything() == before


async def test_the_application_of_a_process_answers_so(ports: Ports) -> None:
    app = make_app(ports, "experience")
    assert isinstance(app, Application)
    assert set(app.at_once) == {"/s/"}
    first = [route.path for route in app.routes[:4] if isinstance(route, APIRoute)]
    assert {"/s/{token}", "/u/{token}"} == set(first), "tried before all others"
    assert not make_app(ports, "monitoring").at_once


def test_an_open_route_refuses_what_it_would_leave_out() -> None:
    async def takes_the_request(request: Request) -> Response:
        return Response(request.url.path)

    async def wants_more(request: Request, page: int) -> Response:
        return Response(f"{request.url.path} {page}")

    OpenRoute("/x/{token}", takes_the_request, dependencies=[Depends(answering.BY_LINK)])
    for endpoint, guards in (
        (wants_more, [answering.BY_LINK]),
        (takes_the_request, []),
        (takes_the_request, [needs_viewer]),
    ):
        with pytest.raises(TypeError, match="an Open guard"):
            OpenRoute("/x/{token}", endpoint, dependencies=[Depends(guard) for guard in guards])


async def test_the_pulse_with_its_style_sheet_and_script_stays_under_five_kilobytes(asked: Asked) -> None:
    page = (await asked.open()).text
    names = [load_manifest().address(name).rpartition("/")[2] for name in ("respondent.css", "respondent.js")]
    parts = [STATIC_DIR / "dist" / name for name in names]
    sizes = [len(gzip.compress(page.encode())), *(len(gzip.compress(part.read_bytes())) for part in parts)]
    assert sum(sizes) < 5 * 1024, sizes
