"""``GET /api/v1/agent-config``: which sensors an agent evaluates, with which thresholds, and how often it reports.

How a sensor is evaluated stands in the kits of the catalogue, which agent and server share; the configuration names the
sensor and carries the tenant's variables over the kit's defaults. Its version is the ETag: an agent that has it is
answered 304.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from opulse.wire.errors import UnreadableBody


class AgentSensor(msgspec.Struct, rename="camel", frozen=True):
    """One sensor to evaluate."""

    sensor: str
    """The name, which is also the key into the kits."""
    variables: dict[str, int | float | bool | str] = {}
    """Thresholds and other variables, over the kit's own defaults (``{"limit": 5, "hold": 120}``)."""
    every_seconds: int = 15


class AgentConfig(msgspec.Struct, rename="camel", frozen=True):
    """What one agent is to do."""

    system: str
    """GUID of the system this key speaks for."""
    sensors: list[AgentSensor]
    heartbeat_seconds: int = 60
    """An agent without a change sends an empty batch this often."""
    gateway_host: str | None = None
    """``host:port`` whose connect time the agent measures; ``None``: the server it reports to."""


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def encode_config(config: AgentConfig) -> tuple[bytes, str]:
    """The JSON and its ETag (quoted, strong): equal configurations give equal tags."""
    body = _ENCODER.encode(config)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def decode_config(body: bytes) -> AgentConfig:
    """The agent's side; unknown keys of a newer server are passed over. Raises ``UnreadableBody``."""
    try:
        return msgspec.json.decode(body, type=AgentConfig)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody("the agent configuration is not of the agreed form") from error
