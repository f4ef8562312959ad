"""How a survey's responses are kept: with names or without, and when unfinished ones close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.responses.flow.policies import MOST_DAYS, PromiseBroken, get_policy, set_policy
from opulse.experience.responses.models import Identity, ResponsePolicy
from opulse.experience.responses.rules.showing import may_become
from opulse.experience.surveys.flow import SurveyUnknown, find_survey
from opulse.experience.surveys.models import SurveyRecord
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/surveys/{survey_id}/responses/settings")

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """What holds, and what it may become."""

    survey: SurveyRecord
    policy: ResponsePolicy
    open_to: frozenset[Identity]
    most_days: int
    identities: tuple[Identity, ...] = tuple(Identity)


@router.get("")
async def edit_policy(request: Request, survey_id: str, caller: Editor, ports: PortsDep) -> Response:
    """The form."""
    try:
        record, _ = await find_survey(ports, caller.tenant, survey_id)
        policy = await get_policy(ports, caller.tenant, survey_id)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    published = record.published > 0
    open_to = frozenset(one for one in Identity if may_become(policy.identity, one, published=published))
    context = PolicyPage(record, policy, open_to, MOST_DAYS)
    return await page(request, "responses/policy.html", context)


@router.post("")
async def save_policy(
    survey_id: str,
    caller: Editor,
    ports: PortsDep,
    identity: Annotated[Identity, Form()],
    partial_days: Annotated[int, Form()] = 7,
) -> Response:
    """Take the form."""
    address = f"/surveys/{survey_id}/responses/settings"
    try:
        await set_policy(ports, caller.tenant, ResponsePolicy(survey_id, identity, partial_days), caller.name)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except (PromiseBroken, ValueError) as error:
        return see_other(address, str(error), "red")
    return see_other(address, "Saved.")
