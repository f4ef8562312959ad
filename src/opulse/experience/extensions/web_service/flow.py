"""Make the request: with its credentials, through the guard against foreign addresses."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from opulse.experience.extensions.web_service.models import Call, CallRefused, WebAuth
from opulse.experience.workflows.rules.domains import host_of, may_call
from opulse.jobs import JobRetry
from opulse.outbound import AddressRefused, AnswerTooLarge, OutboundError, OutboundResponse
from opulse.outbound.retry import parse_retry_after
from opulse.ports import Ports
from opulse.wire.errors import UnreadableBody
from opulse.wire.token_answer import decode_token_answer

ANSWER_BYTES = 1_000_000
SECONDS = 30.0
RETRY_SECONDS = 5.0
RETRY_MOST = 900.0
TOKEN_EARLY = timedelta(seconds=60)


@dataclass(frozen=True)
class _Kept:
    token: str
    until: datetime


_tokens: dict[tuple[str, ...], _Kept] = {}
"""This process's tokens, by all that they were got with."""


async def make_call(ports: Ports, call: Call, auth: WebAuth, account: Mapping[str, str]) -> OutboundResponse:
    """The answer, whatever its status below 500 but 429.

    Raises:
        CallRefused: the address is not permitted, or the credentials may not go there.
        JobRetry: 429, 5xx or no answer: to be tried again within the workflow's retry window.
    """
    for fresh in (False, True):
        headers = {**call.headers, **await _proof(ports, call.url, auth, account, fresh=fresh)}
        answer = await _send(ports, Call(call.method, call.url, headers, call.body))
        if answer.status != 401 or auth is not WebAuth.OAUTH:
            break
    return answer


async def _proof(
    ports: Ports, url: str, auth: WebAuth, account: Mapping[str, str], *, fresh: bool
) -> dict[str, str]:
    """The header that says who sends. A secret goes to the host of its account alone, whatever was piped into the URL."""
    if auth is WebAuth.NONE:
        return {}
    if not account:
        raise CallRefused("choose an account, or add one")
    if not may_call(url, [account["host"]]):
        raise CallRefused(
            f"the account's secret goes to {account['host']} only, not to {host_of(url) or 'no host'}"
        )
    secret = account["secret"]
    if auth is WebAuth.BASIC:
        coded = base64.b64encode(f"{account.get('user', '')}:{secret}".encode()).decode("ascii")
        return {"Authorization": f"Basic {coded}"}
    if auth is WebAuth.API_KEY:
        return {account.get("header") or "X-API-TOKEN": secret}
    return {"Authorization": f"Bearer {await _token(ports, account, fresh=fresh)}"}


async def _token(ports: Ports, account: Mapping[str, str], *, fresh: bool) -> str:
    """A token for client credentials, kept until shortly before it ends."""
    url, user = account.get("token_url") or "", account.get("user") or ""
    if not url:
        raise CallRefused("the account has no Token URL")
    key = (url, user, account["secret"], account.get("scope") or "")
    kept = _tokens.get(key)
    if kept is not None and not fresh and kept.until > ports.clock.now():
        return kept.token
    coded = base64.b64encode(f"{quote(user, safe='')}:{quote(account['secret'], safe='')}".encode())
    form = "grant_type=client_credentials" + (f"&scope={quote(key[3])}" if key[3] else "")
    headers = {
        "Authorization": f"Basic {coded.decode('ascii')}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    answer = await _send(ports, Call("POST", url, headers, form.encode()))
    if answer.status != 200:
        raise CallRefused(f"the Token URL answered {answer.status}: check the account")
    try:
        granted = decode_token_answer(answer.body)
    except UnreadableBody as error:
        raise CallRefused(f"the Token URL did not answer with a token: {error}") from error
    until = ports.clock.now() + timedelta(seconds=granted.expires_in) - TOKEN_EARLY
    _tokens[key] = _Kept(granted.access_token, until)
    return granted.access_token


async def _send(ports: Ports, call: Call) -> OutboundResponse:
    try:
        answer = await ports.http.request(
            call.method,
            call.url,
            headers=call.headers,
            content=call.body,
            timeout=SECONDS,
            max_bytes=ANSWER_BYTES,
        )
    except (AddressRefused, AnswerTooLarge) as error:
        raise CallRefused(str(error)) from error
    except OutboundError as error:
        raise JobRetry(RETRY_SECONDS, f"{host_of(call.url)}: {error}") from error
    if answer.status == 429 or answer.status >= 500:
        asked = parse_retry_after(answer.headers.get("retry-after"), ports.clock.now())
        pause = RETRY_SECONDS if asked is None else min(asked, RETRY_MOST)
        raise JobRetry(pause, f"{host_of(call.url)} answered {answer.status}")
    return answer
