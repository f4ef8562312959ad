"""Tokens of the resource-owner password form (Azure AD B2C), kept until shortly before they end."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from opulse.bridges.systrack.models import FetchRefused, Source
from opulse.bridges.systrack.rules import check_token_url
from opulse.bridges.systrack.sending import send, unreadable
from opulse.ports import Ports
from opulse.wire.errors import CutShort, UnreadableBody
from opulse.wire.token_answer import decode_token_answer, decode_token_refusal

TOKEN_EARLY = timedelta(seconds=60)  # a token is renewed this long before it ends


class TokenKeeper:
    """Tokens by account; one per process, so that an incident's many pages sign in once."""

    def __init__(self) -> None:
        self._kept: dict[Source, tuple[str, datetime]] = {}

    async def token(self, ports: Ports, source: Source, *, refused: str = "") -> str:
        """A bearer token for ``source``; a new one where the kept one is over or is the one that was ``refused``.

        Raises:
            FetchRefused: the credentials are refused, or the Token URL may not be asked.
            ComeAgain: the Token URL does not answer now.
        """
        # the password is part of the key: whoever has another one signs in for themselves
        kept = self._kept.get(source)
        if kept and kept[0] != refused and kept[1] > ports.clock.now():
            return kept[0]
        if not source.token_url or not source.client_id or not source.username or not source.password:
            raise FetchRefused(
                "without an API key, the task needs Token URL and Client ID, and its account the user name and password "
                "of a service account"
            )
        check_token_url(source.token_url, ports.monitoring_url, plain=ports.http.is_named(source.token_url))
        form = {
            "grant_type": "password",
            "response_type": "token",
            "client_id": source.client_id,
            "username": source.username,
            "password": source.password,
            "scope": f"openid {source.client_id} offline_access",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = await send(ports, "POST", source.token_url, headers, urlencode(form).encode())
        if answer.status != 200:
            refusal = decode_token_refusal(answer.body)
            raise FetchRefused(
                f"the Token URL answered {answer.status} {refusal.error}: check the account's user name and password, "
                "the Client ID and the Token URL"
            )
        try:
            granted = decode_token_answer(answer.body)
        except CutShort as error:
            raise unreadable(source.token_url, "the token answer", error) from error
        except UnreadableBody as error:
            raise FetchRefused(f"the Token URL did not answer with a token: {error}") from error
        ends = ports.clock.now() + timedelta(seconds=granted.expires_in) - TOKEN_EARLY
        self._kept[source] = (granted.access_token, ends)
        return granted.access_token
