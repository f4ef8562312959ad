from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.outbound import (
    AddressReason,
    AddressRefused,
    AnswerTooLarge,
    FailureReason,
    OutboundError,
    OutboundFailed,
    OutboundResponse,
    OutboundTimeout,
)
from opulse.outbound.models import RetryDecision
from opulse.outbound.retry import (
    SCHEDULE,
    Answered,
    NotAllowed,
    NotAnswered,
    Outcome,
    decide_retry,
    outcome_of,
    parse_retry_after,
)

NOW = datetime(2026, 3, 3, 16, 31, tzinfo=UTC)


def test_the_schedule() -> None:
    delays = []
    for attempt in range(1, 8):
        decision, delay = decide_retry(attempt, Answered(503))
        delays.append(delay)
        assert decision is (RetryDecision.RETRY if attempt < 7 else RetryDecision.DEAD_LETTER)
    assert delays == [1, 5, 15, 60, 300, 900, None]
    assert SCHEDULE[0] == 0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert decide_retry(7, Answered(status)) == (RetryDecision.DELIVERED, None)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_passes_is_tried_again(status: int) -> None:
    assert decide_retry(1, Answered(status)) == (RetryDecision.RETRY, 1)


@pytest.mark.parametrize("status", [100, 301, 302, 307, 400, 401, 403, 404, 409, 413, 422, 499])
def test_what_would_be_refused_again_is_not(status: int) -> None:
    assert decide_retry(1, Answered(status)) == (RetryDecision.REFUSED, None)


def test_gone_disables() -> None:
    assert decide_retry(1, Answered(410)) == (RetryDecision.DISABLE, None)


@pytest.mark.parametrize("reason", FailureReason)
def test_without_an_answer(reason: FailureReason) -> None:
    expected = RetryDecision.REFUSED if reason is FailureReason.BAD_REQUEST else RetryDecision.RETRY
    assert decide_retry(1, NotAnswered(reason))[0] is expected


def test_a_refused_address_is_not_tried_again() -> None:
    assert decide_retry(1, NotAllowed(AddressReason.PRIVATE)) == (RetryDecision.REFUSED, None)


def test_retry_after_is_honoured_but_never_shortens_and_never_makes_stale() -> None:
    assert decide_retry(1, Answered(429, 30)) == (RetryDecision.RETRY, 30)
    assert decide_retry(5, Answered(429, 30)) == (RetryDecision.RETRY, 300)
    assert decide_retry(1, Answered(503, 3_600)) == (RetryDecision.RETRY, 3_600)
    assert decide_retry(1, Answered(503, 3_601)) == (RetryDecision.DEAD_LETTER, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("soon", None), ("-5", None), ("120", 120), (" 0 ", 0), ("9" * 40, 999_999_999_999),
     ("Tue, 03 Mar 2026 16:32:00 GMT", 60), ("Tue, 03 Mar 2026 16:30:00 GMT", 0), ("Tue, 03 Mar 2026 16:32:00 -0000", 60),
     ("Tue, 03 Mar 2026 25:32:00 GMT", None)],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_survived(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (OutboundResponse(429, {"retry-after": "7"}, b"", 0.1), Answered(429, 7)),
        (AnswerTooLarge(202, 10), Answered(202)),
        (AddressRefused(AddressReason.LOOPBACK, "x"), NotAllowed(AddressReason.LOOPBACK)),
        (OutboundTimeout("x"), NotAnswered(FailureReason.TIMEOUT)),
        (OutboundFailed(FailureReason.TLS, "x"), NotAnswered(FailureReason.TLS)),
    ],
)
def test_outcomes(result: OutboundResponse | OutboundError, outcome: Outcome) -> None:
    assert outcome_of(result, NOW) == outcome


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="first attempt"):
        decide_retry(0, Answered(200))
