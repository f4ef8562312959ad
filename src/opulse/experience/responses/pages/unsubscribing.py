"""``/u/{token}``: GET asks, POST opts out. One-click by a mail program (RFC 8058) needs no page and gets no redirect."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from opulse.experience.responses import flow
from opulse.experience.responses.models import LinkFacts
from opulse.experience.responses.pages import messages
from opulse.experience.responses.pages.contexts import ConfirmPage, HiddenField, MessagePage
from opulse.experience.responses.pages.questions import languages_of
from opulse.experience.responses.pages.rendering import localise_for, respond, speak
from opulse.experience.responses.pages.routes import OpenRoute
from opulse.experience.responses.rules import Evidence, make_stamp, read_stamp, weigh_press
from opulse.experience.responses.wording import wording_in
from opulse.ports import Ports
from opulse.web.access import Open, ports_of
from opulse.wire.tokens import LinkPurpose

router = APIRouter(include_in_schema=False, route_class=OpenRoute)

BY_LINK = Open("the token of the unsubscribe link is the credential")


@router.api_route("/u/{token}", methods=["GET", "HEAD"], dependencies=[Depends(BY_LINK)])
async def show_unsubscribe(request: Request) -> Response:
    """Ask before doing it: scanners follow every link, and one mail gateway has unsubscribed a whole staff that way."""
    ports, token = await ports_of(request), request.path_params["token"]
    facts = await flow.find_link(ports, LinkPurpose.UNSUBSCRIBE, token)
    return _ask(request, ports, facts) if facts else _unknown(request)


@router.post("/u/{token}", dependencies=[Depends(BY_LINK)])
async def save_unsubscribe(request: Request) -> Response:
    """Opt out: at once for a mail program's one-click, else for a press that looks like a person's."""
    ports, token = await ports_of(request), request.path_params["token"]
    facts = await flow.find_link(ports, LinkPurpose.UNSUBSCRIBE, token)
    if facts is None:
        return _unknown(request)
    posted = await request.form(max_files=0, max_fields=20)
    one_click = posted.get("List-Unsubscribe") == "One-Click"
    if not one_click and not _is_persons(ports, facts, str(posted.get("stamp", ""))):
        return _ask(request, ports, facts)
    await flow.unsubscribe(ports, facts)
    survey = localise_for(request, facts, str(posted.get("lang", "")))
    words = wording_in(survey.language)
    done = MessagePage(
        words, words.unsubscribe.done_title, (words.unsubscribe.done_text,), sign="✓", tone="ok"
    )
    return respond(request, "message.html", done, survey.language)


def _is_persons(ports: Ports, facts: LinkFacts, stamp: str) -> bool:
    now = ports.clock.now()
    opened = read_stamp(ports.digest_key, facts.asked.invitation, stamp, now)
    evidence = Evidence(opened_at=opened, sent_at=facts.asked.sent_at)
    return opened is not None and weigh_press(evidence, now).reason is None


def _ask(request: Request, ports: Ports, facts: LinkFacts) -> HTMLResponse:
    survey = localise_for(request, facts, "")
    words = wording_in(survey.language)
    stamp = make_stamp(ports.digest_key, facts.asked.invitation, ports.clock.now())
    page = ConfirmPage(
        words=words,
        title=words.unsubscribe.title,
        text=words.unsubscribe.text,
        button=words.unsubscribe.confirm,
        action=request.scope["path"],
        fields=(HiddenField("stamp", stamp), HiddenField("lang", survey.language)),
        languages=languages_of(survey, request.scope["path"], {}),
    )
    return respond(request, "confirm.html", page, survey.language)


def _unknown(request: Request) -> HTMLResponse:
    language = speak(request)
    return respond(request, "message.html", messages.show_not_for_you(language), language, 404)
