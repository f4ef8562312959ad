"""What the server asks of this agent: ``GET /api/v1/agent-config``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from opulse.catalogue import Scalar

_Seconds = Annotated[float, msgspec.Meta(ge=1, le=86_400)]


class PlannedSensor(msgspec.Struct, frozen=True):
    """One sensor to evaluate; ``variables`` are the tenant's, over the kit's own."""

    name: str
    variables: dict[str, Scalar] = {}


class AgentPlan(msgspec.Struct, frozen=True):
    """Which sensors, with which variables, how often. Members that a newer server adds are passed over."""

    system: str
    """GUID of the system that the key speaks for."""
    sensors: tuple[PlannedSensor, ...]
    etag: str | None = None
    """What ``If-None-Match`` says next time: the answer's header, which is the one the server compares with."""
    sample_seconds: _Seconds = 15
    evaluate_seconds: _Seconds = 60
    heartbeat_seconds: _Seconds = 300


class PlanUnreadable(ValueError):
    """The answer is not of the agreed form."""


_DECODER = msgspec.json.Decoder(AgentPlan)


def decode_plan(body: bytes, etag: str | None) -> AgentPlan:
    """Read the answer; ``etag`` is its header, and goes before the member of that name. Raises ``PlanUnreadable``."""
    try:
        plan = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PlanUnreadable(str(error)) from error
    return msgspec.structs.replace(plan, etag=etag or plan.etag)
