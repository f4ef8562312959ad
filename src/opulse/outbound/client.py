"""Requests to addresses that users gave us: checked, pinned, bounded, and never redirected."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self

import httpx2

from opulse.clock import Clock
from opulse.outbound.addresses import IpAddress
from opulse.outbound.guard import AddressPolicy, Target, check_url, checked_addresses, literal_address
from opulse.outbound.models import AddressRefused, AnswerTooLarge, OutboundResponse, OutboundTimeout
from opulse.outbound.pools import OriginPools
from opulse.outbound.reading import read_body
from opulse.outbound.resolve import Resolve, system_resolve
from opulse.outbound.sending import Sending, failure_of, first_answer

TOTAL_SECONDS: Final = 15.0
"""Default of ``timeout``: resolving, connecting, sending and reading together."""
REPLY_BYTES: Final = 64 * 1024
"""Default of ``max_bytes``, enough for a reply; a list asks for more."""
_MAX_ADDRESSES: Final = 4
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class OutboundClient:
    """Sends to permitted addresses only. One per process; closes its connections in :meth:`aclose`.

    The name is resolved once per request, every address found is checked, and the connection goes to a checked address
    while ``Host`` and TLS keep the name: a name that changes its mind in between (rebinding) has no second chance. The
    environment's proxies are not used, cookies are not kept, redirects are answers.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        clock: Clock,
        *,
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._resolve = resolve
        self._pools = OriginPools(tls or httpx2.create_ssl_context(trust_env=False))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pools.aclose()

    def check(self, url: str) -> None:
        """What can be said of an address before it is used (on save). Raises ``AddressRefused``."""
        check_url(url, self._policy)

    def is_named(self, url: str) -> bool:
        """Whether the installation's options name this very host and port: then http is fine there."""
        try:
            return check_url(url, self._policy).own
        except AddressRefused:
            return False

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes = b"",
        timeout: float = TOTAL_SECONDS,
        max_bytes: int = REPLY_BYTES,
    ) -> OutboundResponse:
        """Send one request and read its answer; any status is an answer.

        ``timeout`` is the total in seconds. ``Host``, ``Content-Length``, ``Transfer-Encoding`` and ``Connection`` are
        ours: given in ``headers`` they are dropped. Raises ``AddressRefused``, ``OutboundTimeout``, ``OutboundFailed``
        or ``AnswerTooLarge``.
        """
        target = check_url(url, self._policy)
        sending = Sending(target, method, headers, content, timeout)
        started = self._clock.now()
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(target)
                async with self._pools.lease((target.scheme, target.host, target.port)) as transport:
                    response = await first_answer(transport, sending, addresses)
                    try:
                        body = await _body(response, target.host, max_bytes)
                    finally:
                        await response.aclose()
        except TimeoutError as error:
            raise OutboundTimeout(f"{target.host} did not answer within {timeout:g} s") from error
        elapsed = (self._clock.now() - started).total_seconds()
        return OutboundResponse(response.status_code, _flat(response.headers), body, elapsed)

    async def _addresses(self, target: Target) -> Sequence[IpAddress]:
        if (literal := literal_address(target.host)) is not None:
            return (literal,)
        found = await self._resolve(target.host, target.port)
        return checked_addresses(target, found, self._policy)[:_MAX_ADDRESSES]


async def _body(response: httpx2.Response, host: str, max_bytes: int) -> bytes:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise AnswerTooLarge(response.status_code, max_bytes)
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    encoding = response.headers.get("content-encoding", "")
    try:
        return await read_body(response.status_code, encoding, response.stream, max_bytes)
    except httpx2.HTTPError as error:
        raise failure_of(error, host) from error


def _flat(headers: httpx2.Headers) -> Mapping[str, str]:
    return {name.lower(): headers[name] for name in headers}
