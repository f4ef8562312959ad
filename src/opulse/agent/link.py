"""The agent's two requests: which plan, and here are the changes."""

from __future__ import annotations

import ipaddress
import logging
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2

from opulse.agent.plan import AgentPlan
from opulse.wire.agent_config import decode_config
from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import AgentAnswer, StateBatch, decode_answer, encode_batch

CONFIG_PATH = "/api/v1/agent-config"
STATES_PATH = "/api/v1/sensor-states"
TIMEOUT_SECONDS = 10.0

_NO_ADDRESS = "the server is an http or https address"
_HOST_NAME = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_AGAIN = frozenset({401, 403, 404, 408, 425, 429})
"""Client errors that another day may mend: a key not yet known, a proxy in the way, too many at once."""

log = logging.getLogger("opulse.agent")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The server could not be asked, or could not help now. ``retry_after``: what it asked us to wait, in seconds."""

    reason: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server will never take this batch."""

    reason: str


class PlanUnchanged:
    """The plan that we have is still the one."""


class ServerLink:
    """One connection pool to one server, with the agent's key. Follows no redirect: the key is for this server only."""

    def __init__(self, server: str, key: str) -> None:
        """``server`` is an address such as ``https://pulse.example.com``. Raises ``ValueError`` for anything else."""
        scheme, host = _host_of(server)
        local = _is_loopback(host)
        if scheme == "http" and not local:
            log.warning("the agent's key travels unencrypted to %s: use https", host)
        self._client = httpx2.AsyncClient(
            base_url=server,
            headers={"Authorization": f"Bearer {key.strip()}"},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=not local,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def fetch_plan(self, known_etag: str | None) -> AgentPlan | PlanUnchanged | Unanswered:
        """The server's plan, unless it is the one we know."""
        headers = {} if known_etag is None else {"If-None-Match": known_etag}
        answer = await self._ask("GET", CONFIG_PATH, headers, None)
        if isinstance(answer, Unanswered):
            return answer
        if answer.status_code == httpx2.codes.NOT_MODIFIED:
            return PlanUnchanged()
        if answer.status_code != httpx2.codes.OK:
            return Unanswered(f"agent-config answered {answer.status_code}", _retry_after(answer))
        try:
            return AgentPlan(decode_config(answer.content), answer.headers.get("ETag"))
        except UnreadableBody as error:
            return Unanswered(str(error))

    async def send(self, batch: StateBatch) -> AgentAnswer | Rejected | Unanswered:
        """Hand one batch over."""
        headers = {"Content-Type": "application/json"}
        answer = await self._ask("POST", STATES_PATH, headers, encode_batch(batch))
        if isinstance(answer, Unanswered):
            return answer
        if answer.is_success:
            try:
                return decode_answer(answer.content)
            except UnreadableBody as error:
                return Unanswered(str(error))
        if answer.is_client_error and answer.status_code not in _AGAIN:
            return Rejected(f"sensor-states answered {answer.status_code}: {answer.text[:200]}")
        return Unanswered(f"sensor-states answered {answer.status_code}", _retry_after(answer))

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> httpx2.Response | Unanswered:
        try:
            return await self._client.request(method, path, headers=headers, content=body)
        except httpx2.RequestError as error:
            return Unanswered(f"{type(error).__name__}: {error}")


def _host_of(server: str) -> tuple[str, str]:
    """Scheme and host. The HTTP library would escape what is no host and only fail when it asks."""
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError as error:
        raise ValueError(f"{_NO_ADDRESS}: {error}") from error
    if parts.scheme not in ("http", "https") or not (_HOST_NAME.fullmatch(host) or _is_ip(host)):
        raise ValueError(_NO_ADDRESS)
    return parts.scheme, host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _retry_after(answer: httpx2.Response) -> float:
    """The header in seconds; its form with a date is left to our own waiting time."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0
