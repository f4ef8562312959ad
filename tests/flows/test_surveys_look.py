"""A tenant's colour and logo: readable whatever was chosen, frozen into what is published, on every respondent's page."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.surveys import flow, pages
from opulse.experience.surveys.models import Look
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.experience.surveys.rules.colours import DARK_GROUND, LIGHT_GROUND, contrast, shades_of
from opulse.web.access import Role
from tests.unit.experience.responses.asked_people import ask_somebody
from tests.unit.experience.responses.world import browse, make_app, make_ports, make_tenant, sign_in_as

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#ffffff") == 1


@pytest.mark.parametrize("red", range(0, 256, 51))
@pytest.mark.parametrize("green", range(0, 256, 51))
def test_any_colour_becomes_readable(red: int, green: int) -> None:
    for blue in range(0, 256, 51):
        shades = shades_of(f"#{red:02x}{green:02x}{blue:02x}")
        assert contrast(shades.light, LIGHT_GROUND) >= 4.5
        assert contrast(shades.dark, DARK_GROUND) >= 4.5
        assert contrast(shades.button, shades.label) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    shades = shades_of("#0b5cad")
    assert (shades.button, shades.light, shades.adjusted) == ("#0b5cad", "#0b5cad", False)
    assert shades_of("#ffe000").adjusted


@pytest.mark.stores
async def test_the_look_is_kept_checked_and_frozen_when_a_survey_is_published(
    db: Database, clock: ManualClock
) -> None:
    ports = make_ports(db, clock)
    tenant, _ = await make_tenant(ports)
    app = make_app(ports, pages.router)
    async with browse(app) as client, browse(app) as stranger, browse(app) as viewer:
        await sign_in_as(ports, tenant, Role.EDITOR, client)
        await sign_in_as(ports, tenant, Role.VIEWER, viewer)
        assert (await viewer.get("/surveys/look")).status_code == 403
        assert "Contrast with white: 6.7 to 1" in (await client.get("/surveys/look")).text
        svg = {"logo": ("logo.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")}
        refused = await client.post("/surveys/look", data={"accent": "yellow"}, files=svg)
        assert refused.status_code == 422
        assert "Write the colour as #rrggbb" in refused.text
        assert "An SVG may hold a script" in refused.text
        large = {"logo": ("logo.png", PNG + b"\0" * 60_000, "image/png")}
        assert (await client.post("/surveys/look", data={}, files=large)).status_code == 422
        fields = {"accent": "#FFE000", "name": "Acme <IT>"}
        kept = await client.post("/surveys/look", data=fields, files={"logo": ("logo.png", PNG, "image/png")})
        assert kept.status_code == 303
        page = (await client.get("/surveys/look")).text
        assert "cannot be read everywhere" in page
        look = await flow.find_look(ports, tenant)
        assert (look.accent, look.name) == ("#ffe000", "Acme <IT>")
        served = await stranger.get(f"/looks/logo/{look.logo}")
        assert (served.content, served.headers["content-type"]) == (PNG, "image/png")
        assert (await stranger.get(f"/looks/logo/{tenant + 1}-{'0' * 32}")).status_code == 404
        assert (await stranger.get("/looks/logo/..%2f..")).status_code == 404
        style = await stranger.get("/looks/colour/ffe000")
        assert style.headers["content-type"].startswith("text/css")
        assert (await stranger.get("/looks/colour/red;}body{")).status_code == 404
    survey = await flow.create_survey(ports, tenant, "S", recommended_pulse(), "test")
    await flow.publish_survey(ports, tenant, survey.id, "test")
    await flow.save_look(ports, tenant, Look(accent="#112233"), None, "test")

    def published(conn: Connection) -> Look | None:
        return flow.get_published_in(conn, tenant, survey.id)[1].look

    assert await ports.db.read(published) == look, "what is published keeps its look"


async def test_the_respondents_page_carries_the_look_without_inline_styles(
    db: Database, clock: ManualClock
) -> None:
    look = Look(accent="#112233", name="Acme & Co", logo="1-" + "ab" * 16)
    document = recommended_pulse().model_copy(update={"look": look})
    async with ask_somebody(db, clock, document) as asked:
        page = (await asked.open()).text
        assert '<link rel="stylesheet" href="/looks/colour/112233">' in page
        assert "Acme &amp; Co" in page
        assert f'src="/looks/logo/1-{"ab" * 16}"' in page
        assert "style=" not in page
        answer = await asked.press(QID1="1")
        assert "/looks/colour/112233" in (await asked.client.get(answer.headers["location"])).text
