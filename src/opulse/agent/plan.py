"""What this agent does and how often: the server's configuration (``opulse.wire.agent_config``) and the agent's own pace."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from opulse.wire.agent_config import AgentConfig


class AgentPlan(msgspec.Struct, frozen=True):
    """The server's configuration and the tag that it gave it."""

    config: AgentConfig
    etag: str | None = None
    """What ``If-None-Match`` says next time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the agent looks, in seconds of its clock."""

    sample_seconds: float = 15
    """Between two looks at the counters; rates are means over about the last minute of them."""
    evaluate_seconds: float = 60
    """Between two evaluations of all sensors, before each of which the server is asked for its configuration."""


USUAL_PACE = Pace()
