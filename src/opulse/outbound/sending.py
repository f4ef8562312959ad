"""One request as it goes to one checked address, and what its failures mean."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx2

from opulse import __version__
from opulse.outbound.addresses import IpAddress
from opulse.outbound.guard import Target
from opulse.outbound.models import FailureReason, OutboundError, OutboundFailed, OutboundTimeout

_CONNECT_SECONDS: Final = 5.0
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_DEFAULTS: Final = {
    "user-agent": ("User-Agent", f"opulse/{__version__}"),
    "accept-encoding": ("Accept-Encoding", "identity"),
}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent, to whichever address of the target takes it. ``timeout`` in seconds bounds each step."""

    target: Target
    method: str
    headers: Mapping[str, str]
    content: bytes
    timeout: float

    def at(self, address: IpAddress) -> httpx2.Request:
        """The request at a checked address, still under its own name for ``Host`` and TLS."""
        wait = {"connect": min(_CONNECT_SECONDS, self.timeout)} | dict.fromkeys(
            ("read", "write", "pool"), self.timeout
        )
        given = {
            name.lower(): (name, value) for name, value in self.headers.items() if name.lower() not in _OURS
        }
        try:
            return httpx2.Request(
                self.method,
                self.target.pinned(address),
                headers=[("Host", self.target.host_header), *(_DEFAULTS | given).values()],
                content=self.content or None,
                extensions={"sni_hostname": self.target.host, "timeout": wait},
            )
        except (ValueError, TypeError) as error:
            raise OutboundFailed(FailureReason.BAD_REQUEST, "a header cannot be sent") from error


async def first_answer(
    transport: httpx2.AsyncHTTPTransport, sending: Sending, addresses: Sequence[IpAddress]
) -> httpx2.Response:
    """From the first address that takes the connection; once one took it, nothing is sent twice.

    Raises ``OutboundFailed`` or ``OutboundTimeout``.
    """
    host = sending.target.host
    failed: OutboundError = OutboundFailed(FailureReason.NO_ADDRESS, f"{host} does not resolve")
    for address in addresses:
        try:
            return await transport.handle_async_request(sending.at(address))
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            failed = failure_of(error, host)
        except httpx2.HTTPError as error:
            raise failure_of(error, host) from error
    raise failed


def failure_of(error: httpx2.HTTPError, host: str) -> OutboundError:
    """The library's error in our words."""
    match error:
        case httpx2.ConnectError() if _is_tls(error):
            return OutboundFailed(FailureReason.TLS, f"{host}: {error}")
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return OutboundFailed(FailureReason.NOT_CONNECTED, f"{host} took no connection")
        case httpx2.TimeoutException():
            return OutboundTimeout(f"{host} did not answer in time")
        case httpx2.LocalProtocolError():
            return OutboundFailed(FailureReason.BAD_REQUEST, "the request cannot be sent")
        case _:
            return OutboundFailed(FailureReason.BROKEN, f"{host} broke the connection off")


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
