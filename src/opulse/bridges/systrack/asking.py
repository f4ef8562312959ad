"""One request to SysTrack Cloud: with a token or a key, to permitted addresses only; what may pass becomes a ``ComeAgain``."""

from __future__ import annotations

from opulse.bridges.systrack.models import FetchRefused, Source
from opulse.bridges.systrack.rules import check_host
from opulse.bridges.systrack.sending import send
from opulse.bridges.systrack.tokens import TokenKeeper
from opulse.outbound import OutboundResponse
from opulse.ports import Ports

KEY_HEADER = "systrack-api-key"
TOKENS = 3  # tried before the account is held to be refused: other requests of the process may have ended the first ones


async def get(
    ports: Ports,
    keeper: TokenKeeper,
    source: Source,
    url: str,
    known: str = "",
    *,
    what: str = "affected-systems",
) -> OutboundResponse:
    """The answer of ``url``: 200, or 304 where ``known`` still holds.

    Raises:
        FetchRefused: the address, the account or the answer's status; the message says what to mend.
        ComeAgain: slow, busy or down.
    """
    check_host(url, source.cloud_url, ports.monitoring_url, plain=ports.http.is_named(url))
    refused = ""
    for _ in range(1 if source.api_key else TOKENS):
        headers = {"Accept": "application/json"}
        if source.api_key:
            headers[KEY_HEADER] = source.api_key
        else:
            refused = await keeper.token(ports, source, refused=refused)
            headers["Authorization"] = f"Bearer {refused}"
        if known:
            headers["If-None-Match"] = known
        answer = await send(ports, "GET", url, headers, b"")
        if answer.status != 401:
            break
    if answer.status == 200 or (known and answer.status == 304):
        return answer
    raise FetchRefused(f"the {what} API answered {answer.status}: {_mend(answer.status, source)}")


def _mend(status: int, source: Source) -> str:
    if status == 401 and source.api_key:
        return "the API key is not accepted; SysTrack's keys live for up to 180 days: make a new one and type it into the account"
    if status == 403 and source.api_key:
        return "the API key may not read this; give it the permission in SysTrack"
    return {
        401: "the token is not accepted; check the service account",
        403: "the service account may not read affected systems",
        404: "it does not know this activation, or it belongs to another tenant",
        410: "the activation was purged",
    }.get(status, "it cannot be read")
