"""Distributions: send, list, follow and stop them; everybody's link and history."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from opulse.experience.api_v3.api.asked import body_of, no_distribution, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, PageDep, manages, reads, refuse
from opulse.experience.api_v3.flow import distributions as flow
from opulse.experience.api_v3.rules.distributions import (
    element,
    history,
    link,
    read_follow_up,
    read_sending,
)
from opulse.experience.distributions.flow import reading
from opulse.experience.distributions.models import DistributionKind
from opulse.web.access import Caller

router = survey_router()
Reader = Annotated[Caller, Depends(reads("distributions"))]
Manager = Annotated[Caller, Depends(manages("distributions"))]


@router.post("/distributions", operation_id="v3_send_distribution")
async def post_distribution(request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Ask a mailing list with a survey, now or at `sendDate`. Links without mails (`CreateDistribution`) are refused."""
    body = await body_of(request)
    if body.get("action"):
        sentence = f"The action {body['action']!r} is not supported: links are made together with the mails that carry them."
        raise refuse(400, sentence, "GP_0")
    wanted = read_sending(body, desk.ports.clock.now())
    return desk.ok({"id": await flow.send(desk.ports, caller.tenant, wanted, caller.name)})


@router.get("/distributions", operation_id="v3_list_distributions")
async def list_distributions(
    desk: DeskDep,
    caller: Reader,
    page: PageDep,
    survey: Annotated[str, Query(alias="surveyId", max_length=64)],
    list_id: Annotated[str, Query(alias="mailingListId", max_length=64)] = "",
) -> Response:
    """Distributions of a survey, the newest first."""
    found = await reading.list_distributions(
        desk.ports, caller.tenant, survey=survey, offset=page.offset, limit=page.sought
    )
    shown, next_page = page.next_by_offset(found)
    kept = [one for one in shown if not list_id or one.distribution.list_id == list_id]
    ends = await flow.ends_of(desk.ports, caller.tenant, [one.distribution.id for one in kept])
    brand = await flow.brand_of(desk.ports, caller.tenant)
    elements = [
        element(one.distribution, one.counts, brand, ends_at=ends.get(one.distribution.id), text=False)
        for one in kept
    ]
    return desk.page(elements, next_page)


@router.get("/distributions/{distribution}", operation_id="v3_get_distribution")
async def get_distribution(
    distribution: IdPath,
    desk: DeskDep,
    caller: Reader,
    survey: Annotated[str, Query(alias="surveyId", max_length=64)] = "",
) -> Response:
    """One distribution, with the text of its mail. A `surveyId` that is not its own finds nothing."""
    try:
        one = await reading.get_distribution(desk.ports, caller.tenant, distribution)
    except LookupError as error:
        raise no_distribution() from error
    if survey and survey != one.distribution.survey:
        raise no_distribution()
    ends = await flow.ends_of(desk.ports, caller.tenant, [distribution])
    brand = await flow.brand_of(desk.ports, caller.tenant)
    return desk.ok(element(one.distribution, one.counts, brand, ends_at=ends.get(distribution), text=True))


@router.delete("/distributions/{distribution}", operation_id="v3_delete_distribution")
async def delete_distribution(distribution: IdPath, desk: DeskDep, caller: Manager) -> Response:
    """Stop it: who was not mailed yet is not, and its links close. It stays in the lists, as all that was decided does."""
    try:
        await flow.stop(desk.ports, caller.tenant, distribution, caller.name)
    except LookupError as error:
        raise no_distribution() from error
    return desk.done()


@router.post("/distributions/{distribution}/reminders", operation_id="v3_send_reminder")
async def post_reminder(distribution: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Remind who has not answered."""
    return await _follow(distribution, request, desk, caller, DistributionKind.REMINDER)


@router.post("/distributions/{distribution}/thankyous", operation_id="v3_send_thank_you")
async def post_thank_you(distribution: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Thank who has answered."""
    return await _follow(distribution, request, desk, caller, DistributionKind.THANK_YOU)


@router.get("/distributions/{distribution}/links", operation_id="v3_list_links")
async def list_links(
    distribution: IdPath,
    desk: DeskDep,
    caller: Manager,
    page: PageDep,
    survey: Annotated[str, Query(alias="surveyId", max_length=64)] = "",
) -> Response:
    """The link of everybody who was asked; who holds a link may answer by it, so it takes the right to send."""
    found = await _recipients(distribution, desk, caller, page, with_link=True)
    if survey and survey != found.shown.distribution.survey:
        raise no_distribution()
    elements = []
    for one in found.people:  # at most a page: a token is signed per link
        reference, unsubscribed = found.about.get(one.contact, ("", False))
        address = flow.link_of(desk.ports, found.shown, one)
        elements.append(link(one, address, reference=reference, unsubscribed=unsubscribed))
    return desk.page(elements, page.link("skipToken", found.next) if found.next else None)


@router.get("/distributions/{distribution}/history", operation_id="v3_list_history")
async def list_history(
    distribution: IdPath,
    desk: DeskDep,
    caller: Annotated[Caller, Depends(manages("distributions", per_minute=300))],
    page: PageDep,
) -> Response:
    """What became of everybody. The response is named only where the survey asks by name."""
    found = await _recipients(distribution, desk, caller, page, with_link=False)
    elements = [
        history(
            one,
            flow.link_of(desk.ports, found.shown, one),
            found.responses.get(one.of_invitation or one.id, ""),
            person=found.named,
        )
        for one in found.people
    ]
    return desk.page(elements, page.link("skipToken", found.next) if found.next else None)


async def _recipients(
    distribution: str, desk: DeskDep, caller: Caller, page: PageDep, *, with_link: bool
) -> flow.Recipients:
    try:
        return await flow.list_recipients(
            desk.ports, caller.tenant, distribution, page.after, page.size, with_link=with_link
        )
    except LookupError as error:
        raise no_distribution() from error


async def _follow(
    distribution: str, request: Request, desk: DeskDep, caller: Caller, kind: DistributionKind
) -> Response:
    wanted = read_follow_up(await body_of(request), desk.ports.clock.now())
    try:
        made = await flow.follow(desk.ports, caller.tenant, distribution, kind, wanted, caller.name)
    except LookupError as error:
        raise no_distribution() from error
    return desk.ok({"distributionId": made})
