"""One request to Qualtrics: what may be better in a while, and what never will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.bridges.qualtrics.models import QualtricsBusy, QualtricsRefused
from opulse.clock import Clock
from opulse.outbound import (
    AddressRefused,
    AnswerTooLarge,
    FailureReason,
    OutboundClient,
    OutboundFailed,
    OutboundResponse,
    OutboundTimeout,
)
from opulse.outbound.retry import parse_retry_after

AGAIN: Final = 5.0
"""Seconds to wait where Qualtrics does not say how long."""
_LONGEST: Final = 300.0
"""Seconds, however long it asks for: the question is about now."""
_ANSWER_BYTES: Final = 10_000_000
_SECONDS: Final = 60.0
_NOT_SENT: Final = frozenset(
    {FailureReason.NO_ADDRESS, FailureReason.NOT_CONNECTED, FailureReason.TLS, FailureReason.BAD_REQUEST}
)


async def ask(
    http: OutboundClient, clock: Clock, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> OutboundResponse:
    """Send it once. Any answer but 408, 425, 429 and 5xx is returned.

    Raises:
        QualtricsBusy: no answer, or one that says to come again.
        QualtricsRefused: the address may not be asked.
    """
    try:
        answer = await http.request(
            method, url, headers=headers, content=body, timeout=_SECONDS, max_bytes=_ANSWER_BYTES
        )
    except (AddressRefused, AnswerTooLarge) as error:
        raise QualtricsRefused(0, str(error), is_total=True) from error
    except OutboundTimeout as error:
        raise QualtricsBusy(AGAIN, str(error), was_sent=True) from error
    except OutboundFailed as error:
        raise QualtricsBusy(AGAIN, str(error), was_sent=error.reason not in _NOT_SENT) from error
    if answer.status in (408, 425, 429) or answer.status >= 500:
        asked = parse_retry_after(answer.headers.get("retry-after"), clock.now())
        pause = AGAIN if asked is None else min(asked, _LONGEST)
        raise QualtricsBusy(pause, f"Qualtrics answered {answer.status}", was_sent=answer.status >= 500)
    return answer
