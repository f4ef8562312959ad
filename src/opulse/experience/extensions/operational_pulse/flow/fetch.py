"""Ask the other product: a token, then pages of affected systems. The token is kept until shortly before it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from opulse.experience.extensions.operational_pulse.models import FIRST_PAGE, FetchRefused
from opulse.experience.extensions.operational_pulse.rules import (
    check_host,
    check_token_url,
    next_url,
    page_url,
    users_url,
)
from opulse.jobs import JobRetry
from opulse.outbound import AddressRefused, AnswerTooLarge, OutboundError, OutboundResponse
from opulse.outbound.retry import parse_retry_after
from opulse.ports import Ports
from opulse.wire.affected import AffectedPage, AffectedSystem
from opulse.wire.affected_reading import decode_page, decode_users
from opulse.wire.errors import UnreadableBody
from opulse.wire.token_answer import decode_token_answer, decode_token_refusal

PAGE_BYTES = 5_000_000
PAGE_SECONDS = 30.0
TOKEN_EARLY = timedelta(seconds=60)  # a token is renewed this long before it ends
RETRY_SECONDS = 5.0  # where the other side does not say how long
RETRY_MOST = 300.0  # however long it asks for: the question is about now


@dataclass(frozen=True)
class Source:
    """Where to ask, and as whom: what an administrator typed into the task and its account."""

    token_url: str
    cloud_url: str
    client_id: str
    username: str
    password: str = field(repr=False)


class TokenKeeper:
    """Tokens by account; one per process, so that an incident's many pages sign in once."""

    def __init__(self) -> None:
        self._kept: dict[Source, tuple[str, datetime]] = {}

    async def token(self, ports: Ports, source: Source, *, fresh: bool = False) -> str:
        """A bearer token for ``source``; with ``fresh`` a new one, whatever is kept.

        Raises:
            FetchRefused: the credentials are refused, or the Token URL may not be asked.
            JobRetry: the Token URL does not answer now.
        """
        kept = self._kept.get(
            source
        )  # the password is part of it: whoever has another one signs in for themselves
        if kept and not fresh and kept[1] > ports.clock.now():
            return kept[0]
        check_token_url(source.token_url, ports.monitoring_url)
        form = {
            "grant_type": "password",
            "response_type": "token",
            "client_id": source.client_id,
            "username": source.username,
            "password": source.password,
            "scope": f"openid {source.client_id} offline_access",
        }
        answer = await _send(
            ports,
            "POST",
            source.token_url,
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            urlencode(form).encode(),
        )
        if answer.status != 200:
            refusal = decode_token_refusal(answer.body)
            raise FetchRefused(
                f"the Token URL answered {answer.status} {refusal.error}: check the account's user name and password, "
                "the Client ID and the Token URL"
            )
        try:
            granted = decode_token_answer(answer.body)
        except UnreadableBody as error:
            raise FetchRefused(f"the Token URL did not answer with a token: {error}") from error
        ends = ports.clock.now() + timedelta(seconds=granted.expires_in) - TOKEN_EARLY
        self._kept[source] = (granted.access_token, ends)
        return granted.access_token


@dataclass(frozen=True)
class Fetched:
    """A page, and the validator that came with the first one; empty where the server gives none."""

    page: AffectedPage
    tag: str


async def read_pages(
    ports: Ports, keeper: TokenKeeper, source: Source, systems_url: str, known: str = ""
) -> AsyncIterator[Fetched]:
    """The pages of an affected-systems address, a small one first. Every address is checked before the token goes there.

    No pages where the server says that nothing changed since it gave the validator ``known``.

    Raises:
        FetchRefused: the address, the credentials or the answer are wrong; the message says what to mend.
        JobRetry: the other product is slow, busy or down; try the task again.
    """
    check_host(systems_url, source.cloud_url, ports.monitoring_url)
    url: str | None = page_url(systems_url, FIRST_PAGE, 0)
    first = True
    seen: set[str] = set()
    while url is not None and url not in seen:
        seen.add(url)
        fetched = await _page(ports, keeper, source, url, known if first else "")
        if fetched is None:
            return
        yield fetched
        page = fetched.page
        follow = page.next_link
        if follow is None:
            return
        if first and len(page.systems) == FIRST_PAGE:
            follow = page_url(systems_url, ports.limits.page_size, FIRST_PAGE)
        url = next_url(url, follow)
        first = False


async def _page(ports: Ports, keeper: TokenKeeper, source: Source, url: str, known: str) -> Fetched | None:
    answer = await _get(ports, keeper, source, url, known)
    if answer.status == 304:
        return None
    try:
        page = decode_page(answer.body).page
    except UnreadableBody as error:
        raise FetchRefused(f"the affected-systems answer cannot be read: {error}") from error
    if any(system.users is None for system in page.systems):
        systems = [await _with_users(ports, keeper, source, url, system) for system in page.systems]
        page = AffectedPage(
            page.notification_activation_id, page.as_of, page.state, page.total_count, systems, page.next_link
        )
    return Fetched(page, answer.headers.get("etag", ""))


async def _with_users(
    ports: Ports, keeper: TokenKeeper, source: Source, url: str, system: AffectedSystem
) -> AffectedSystem:
    """Some servers list systems only; then each one's users are asked for (systrack.md 5.4)."""
    if system.users is not None:
        return system
    answer = await _get(ports, keeper, source, users_url(url, system.system_id))
    try:
        users = decode_users(answer.body)
    except UnreadableBody:
        users = []
    return AffectedSystem(
        system_id=system.system_id,
        system_name=system.system_name,
        fqdn=system.fqdn,
        users=users,
        sensors=system.sensors,
    )


async def _get(
    ports: Ports, keeper: TokenKeeper, source: Source, url: str, known: str = ""
) -> OutboundResponse:
    check_host(url, source.cloud_url, ports.monitoring_url)
    for fresh in (False, True):
        token = await keeper.token(ports, source, fresh=fresh)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if known:
            headers["If-None-Match"] = known
        answer = await _send(ports, "GET", url, headers, b"")
        if answer.status != 401:
            break
    if answer.status == 200 or (known and answer.status == 304):
        return answer
    raise FetchRefused(
        f"the affected-systems API answered {answer.status}: "
        + {
            401: "the token is not accepted; check the service account",
            403: "the service account may not read affected systems",
            404: "it does not know this activation, or it belongs to another tenant",
            410: "the activation was purged",
        }.get(answer.status, "it cannot be read")
    )


async def _send(
    ports: Ports, method: str, url: str, headers: dict[str, str], body: bytes
) -> OutboundResponse:
    """One request; what may be better in a while becomes a JobRetry."""
    try:
        answer = await ports.http.request(
            method, url, headers=headers, content=body, timeout=PAGE_SECONDS, max_bytes=PAGE_BYTES
        )
    except (AddressRefused, AnswerTooLarge) as error:
        raise FetchRefused(str(error)) from error
    except OutboundError as error:
        raise JobRetry(RETRY_SECONDS, f"{method} {_host(url)}: {error}") from error
    if answer.status in (408, 425, 429) or answer.status >= 500:
        asked = parse_retry_after(answer.headers.get("retry-after"), ports.clock.now())
        pause = RETRY_SECONDS if asked is None else min(asked, RETRY_MOST)
        raise JobRetry(pause, f"{_host(url)} answered {answer.status}")
    return answer


def _host(url: str) -> str:
    return url.split("/")[2] if "://" in url else url
