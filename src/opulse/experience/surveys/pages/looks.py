"""How the tenant's surveys look: a colour, a logo and a name; and the addresses that respondents' pages load them from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from opulse.experience.surveys import flow
from opulse.experience.surveys.models import Look
from opulse.experience.surveys.pages.shared import Editor, PortsDep
from opulse.experience.surveys.rules.colours import Shades, contrast, shades_of, stylesheet_of
from opulse.experience.surveys.rules.logos import MOST_BYTES, media_type_of
from opulse.web.access import Open
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False)
FOR_EVERYBODY = Open(
    "a colour and a logo that stand on every page that people answer; nothing in them is anybody's own"
)
FOR_EVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
OURS = "#0b5cad"
_COLOUR = re.compile(r"[0-9a-f]{6}", re.ASCII)
_LOGO = re.compile(r"(\d{1,9})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LookPage:
    """The form. ``shades`` are what is made of the colour, ``on_white`` its contrast as it was chosen."""

    look: Look
    accent: str
    shades: Shades
    on_white: float
    errors: Mapping[str, str]


@router.get("/surveys/look")
async def show_look(request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Colour, logo and name."""
    look = await flow.find_look(ports, caller.tenant)
    return await page(request, "surveys/look.html", _page(look, {}))


@router.post("/surveys/look")
async def save_look(request: Request, caller: Editor, ports: PortsDep) -> Response:
    """Keep them for surveys that are published from now on."""
    former = await flow.find_look(ports, caller.tenant)
    posted = await request.form(max_files=1, max_fields=10, max_part_size=10_000)
    picture, errors = await _picture(posted.get("logo"))
    await posted.close()
    remove = posted.get("remove_logo") == "on"
    try:
        look = Look(
            accent=str(posted.get("accent", "")).strip().lower() or None,
            name=str(posted.get("name", ""))[:100],
            logo=None if remove else former.logo,
        )
    except ValidationError:
        look = former
        errors["accent"] = "Write the colour as #rrggbb, for example #0b5cad."
    if errors:
        return await page(request, "surveys/look.html", _page(look, errors), 422)
    await flow.save_look(ports, caller.tenant, look, picture, caller.name)
    return see_other("/surveys/look", "Kept. Surveys that are published from now on look like this.")


@router.get("/looks/colour/{colour}", dependencies=[Depends(FOR_EVERYBODY)])
async def show_stylesheet(colour: str) -> Response:
    """The shades of a colour; its address names all it depends on."""
    if _COLOUR.fullmatch(colour) is None:
        raise NotFound("style sheet")
    return Response(stylesheet_of(f"#{colour}"), media_type="text/css", headers=FOR_EVER)


@router.get("/looks/logo/{logo}", dependencies=[Depends(FOR_EVERYBODY)])
async def show_logo(logo: str, ports: PortsDep) -> Response:
    """An uploaded picture; its address is never given to another."""
    named = _LOGO.fullmatch(logo)
    found = await flow.find_logo(ports, int(named[1]), named[2]) if named else None
    if found is None:
        raise NotFound("logo")
    return Response(found[1], media_type=found[0], headers=FOR_EVER)


async def _picture(sent: object) -> tuple[tuple[str, bytes] | None, dict[str, str]]:
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None, {}
    body = await sent.read(MOST_BYTES + 1)
    kind = media_type_of(body)
    if len(body) > MOST_BYTES:
        return None, {
            "logo": f"The picture is larger than {MOST_BYTES // 1000} KB. Make it smaller and send it again."
        }
    if not kind:
        return None, {
            "logo": "Send a PNG, JPEG, GIF or WebP picture. An SVG may hold a script, so it is not taken."
        }
    return (kind, body), {}


def _page(look: Look, errors: Mapping[str, str]) -> LookPage:
    accent = look.accent or OURS
    return LookPage(look, accent, shades_of(accent), round(contrast(accent, "#ffffff"), 1), errors)
