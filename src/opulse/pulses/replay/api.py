"""``/api/v1/replays``: a rule carried over the stored sensor states. Writes nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from opulse.monitoring.notifications.api import NotificationBody, view_of
from opulse.monitoring.notifications.flow.reading import find_notification
from opulse.monitoring.notifications.models import NotificationDraft, NotificationRefused
from opulse.ports import Ports
from opulse.pulses.replay.flow import replay
from opulse.pulses.replay.models import CAVEATS, Replay, ReplayRefused
from opulse.web.access import Caller, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/replays", tags=["replay"])
PortsDep = Annotated[Ports, Depends(ports_of)]


class ReplayBody(BaseModel):
    """A draft, or the id of a saved notification, and the span. Sensor states are stored for about seven days."""

    notification: NotificationBody | None = None
    notification_id: str = ""
    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _one_of_the_two(self) -> ReplayBody:
        if (self.notification is None) == (not self.notification_id):
            raise ValueError("give a draft in notification, or the id of a saved one in notification_id")
        return self


class WouldBeView(BaseModel):
    """One activation that there would have been; ``systems`` are the names of the first of those at activation."""

    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    at_activation: int
    ever: int
    people: int = Field(description="Distinct users of the systems at activation, as they were then.")
    systems: list[str]


class ReplayView(BaseModel):
    """``caveats`` say what a replay cannot know; ``first_record`` is where the stored states begin."""

    start: AwareDatetime
    end: AwareDatetime
    first_record: AwareDatetime | None
    records: int
    most_at_once: int
    activations: list[WouldBeView]
    caveats: list[str]


@router.post("", operation_id="replay_notification")
async def post_replay(
    given: ReplayBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> ReplayView:
    """How often it would have activated, on whom, and how many people would have been asked."""
    draft = given.notification.draft() if given.notification else None
    draft = draft or await _saved(ports, caller.tenant, given.notification_id)
    try:
        return _view(await replay(ports, caller.tenant, draft, given.start, given.end))
    except ReplayRefused as refused:
        raise Problem(422, "there is nothing to replay", str(refused)) from refused
    except NotificationRefused as refused:
        raise Problem(422, "the notification could not be saved either", str(refused)) from refused


async def _saved(ports: Ports, tenant: int, notification: str) -> NotificationDraft:
    found = await ports.db.read(find_notification, tenant, notification)
    if found is None:
        raise NotFound("notification")
    return view_of(found).draft()


def _view(found: Replay) -> ReplayView:
    return ReplayView(
        start=found.start,
        end=found.end,
        first_record=found.first_record,
        records=found.records,
        most_at_once=found.most_at_once,
        activations=[
            WouldBeView(
                opened_at=one.opened_at,
                closed_at=one.closed_at,
                at_activation=one.at_activation,
                ever=one.ever,
                people=one.people,
                systems=list(one.systems),
            )
            for one in found.activations
        ],
        caveats=list(CAVEATS),
    )
