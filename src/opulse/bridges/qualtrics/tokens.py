"""Bearer tokens by account, kept until shortly before they end; one keeper per process."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from opulse.bridges.qualtrics.asking import ask
from opulse.bridges.qualtrics.models import QualtricsAccount, QualtricsBusy, QualtricsRefused
from opulse.bridges.qualtrics.rules import base_url
from opulse.clock import Clock
from opulse.outbound import OutboundClient
from opulse.wire.errors import UnreadableBody
from opulse.wire.token_answer import decode_token_answer, decode_token_refusal

_EARLY: Final = timedelta(seconds=60)
_AGAIN: Final = 5.0
SCOPE: Final = "manage:contact_transactions manage:directory_contacts read:directories read:mailing_lists"
"""What a bridge of contacts asks for; nothing of surveys, nothing of users."""
ASKING_SCOPE: Final = (
    "manage:contact_transactions manage:directory_contacts read:directories manage:mailing_lists "
    "manage:mailing_list_contacts manage:distributions read:surveys manage:survey_responses"
)
"""What it asks for where it also sends surveys: lists of its own, distributions, and exports of responses."""


class QualtricsTokens:
    """Tokens by account, so that an incident's many requests sign in once."""

    def __init__(self) -> None:
        self._kept: dict[QualtricsAccount, tuple[str, datetime]] = {}

    async def headers(
        self, http: OutboundClient, clock: Clock, account: QualtricsAccount, *, fresh: bool = False
    ) -> dict[str, str]:
        """The header that signs a request; with ``fresh`` by a new token.

        Raises:
            QualtricsRefused, QualtricsBusy: no token is to be had.
        """
        if not account.client_id:
            return {"X-API-TOKEN": account.api_token}
        kept = self._kept.get(account)
        if fresh or kept is None or kept[1] <= clock.now():
            kept = await _sign_in(http, clock, account)
            self._kept[account] = kept
        return {"Authorization": f"Bearer {kept[0]}"}


async def _sign_in(http: OutboundClient, clock: Clock, account: QualtricsAccount) -> tuple[str, datetime]:
    basic = base64.b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    form = urlencode(
        {"grant_type": "client_credentials", "scope": ASKING_SCOPE if account.asks else SCOPE}
    ).encode()
    answer = await ask(http, clock, "POST", f"{base_url(account.place)}/oauth2/token", headers, form)
    if answer.status != 200:
        words = decode_token_refusal(answer.body).error
        raise QualtricsRefused(
            answer.status,
            f"Qualtrics gives no token ({answer.status} {words}): check the client's id and secret and its scopes",
            is_total=True,
        )
    try:
        granted = decode_token_answer(answer.body)
    except UnreadableBody as error:
        raise QualtricsBusy(_AGAIN, f"the token's answer cannot be read: {error}", was_sent=False) from error
    return granted.access_token, clock.now() + timedelta(seconds=granted.expires_in) - _EARLY
