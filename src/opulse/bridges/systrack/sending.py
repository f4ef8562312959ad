"""The request itself, and which of its ends may be better in a while."""

from __future__ import annotations

from datetime import datetime

from opulse.bridges.systrack.models import FetchRefused
from opulse.jobs import JobRetry
from opulse.outbound import AddressRefused, AnswerTooLarge, OutboundError, OutboundResponse, OutboundTimeout
from opulse.outbound.retry import parse_retry_after
from opulse.ports import Ports
from opulse.wire.errors import CutShort, UnreadableBody

PAGE_BYTES = 5_000_000
PAGE_SECONDS = 30.0
RETRY_SECONDS = 5.0  # where the other side does not say how long
RETRY_MOST = 300.0  # however long it asks for: the question is about now


class ComeAgain(JobRetry):
    """The other product is slow, busy or down: the same request may do better in ``seconds``.

    ``asked``: the seconds that its Retry-After wants; None where it wants nothing. ``slow``: no answer came in time.
    """

    def __init__(
        self,
        seconds: float,
        why: str,
        *,
        asked: float | None = None,
        slow: bool = False,
        since: datetime | None = None,
    ) -> None:
        super().__init__(seconds, why, since=since)
        self.asked = asked
        self.slow = slow


async def send(ports: Ports, method: str, url: str, headers: dict[str, str], body: bytes) -> OutboundResponse:
    """One request.

    Raises:
        FetchRefused: the address may not be asked, or its answer is too large.
        ComeAgain: no answer, or one that says to come again.
    """
    try:
        answer = await ports.http.request(
            method, url, headers=headers, content=body, timeout=PAGE_SECONDS, max_bytes=PAGE_BYTES
        )
    except (AddressRefused, AnswerTooLarge) as error:
        raise FetchRefused(str(error)) from error
    except OutboundError as error:
        slow = isinstance(error, OutboundTimeout)
        raise ComeAgain(RETRY_SECONDS, f"{method} {host_of(url)}: {error}", slow=slow) from error
    if answer.status in (408, 425, 429) or answer.status >= 500:
        asked = parse_retry_after(answer.headers.get("retry-after"), ports.clock.now())
        pause = RETRY_SECONDS if asked is None else min(asked, RETRY_MOST)
        raise ComeAgain(pause, f"{host_of(url)} answered {answer.status}", asked=asked)
    return answer


def unreadable(url: str, what: str, error: UnreadableBody) -> FetchRefused | ComeAgain:
    """What to raise for an answer that cannot be read: one that broke off is asked for again, another one stays as it is."""
    if isinstance(error, CutShort):
        return ComeAgain(RETRY_SECONDS, f"{host_of(url)}: {what} broke off in the middle")
    return FetchRefused(f"{what} cannot be read: {error}")


def host_of(url: str) -> str:
    return url.split("/")[2] if "://" in url else url
