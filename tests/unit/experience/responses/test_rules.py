"""What a link opens, when a press is not believed, and how a page proves when it was served."""

from datetime import UTC, datetime, timedelta

import pytest

from opulse.experience.responses.models import AccessReason, Asked, QuarantineReason
from opulse.experience.responses.rules import Evidence, decide_access, make_stamp, read_stamp, weigh_press
from opulse.experience.responses.rules.quarantine import WEIGHTS
from opulse.experience.surveys.models import SurveyState

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRACE = timedelta(hours=2)
KEY = b"k" * 32


def asked(*, cancelled: bool = False) -> Asked:
    return Asked(
        tenant=1,
        invitation="ab" * 16,
        distribution="EMD_1",
        survey="SV_1",
        version=1,
        activation="",
        contact="CID_1",
        directory="POOL_1",
        language="de",
        time_zone="",
        individual=True,
        cancelled=cancelled,
        sent_at=None,
        expires_at=NOON,
    )


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("opened", "now", "reason"),
    [
        (None, NOON - minutes(1), AccessReason.OPEN),
        (None, NOON, AccessReason.EXPIRED),
        (NOON - minutes(1), NOON + minutes(119), AccessReason.FINISHING),
        (NOON - minutes(1), NOON + minutes(119.5), AccessReason.EXPIRED),
        (NOON - minutes(180), NOON + minutes(1), AccessReason.EXPIRED),
        (NOON, NOON + minutes(1), AccessReason.EXPIRED),
    ],
)
def test_what_was_begun_in_time_may_finish_within_two_hours(
    opened: datetime | None, now: datetime, reason: AccessReason
) -> None:
    assert decide_access(asked(), SurveyState.ACTIVE, opened, GRACE, now) is reason


def test_those_who_ask_may_close_at_any_time() -> None:
    early = NOON - minutes(1)
    assert decide_access(asked(), SurveyState.CLOSED, early, GRACE, early) is AccessReason.CLOSED
    assert decide_access(asked(cancelled=True), SurveyState.ACTIVE, None, GRACE, early) is AccessReason.CLOSED


@pytest.mark.parametrize(
    ("trap", "dwell", "way", "reason"),
    [
        ("", 5.0, 60.0, None),
        ("", None, None, None),
        ("x", 60.0, 600.0, QuarantineReason.TRAP_TOUCHED),
        ("", 0.4, 600.0, QuarantineReason.NO_DWELL),
        ("", 1.0, 600.0, None),
        ("", 2.0, 2.5, QuarantineReason.TOO_SOON_AFTER_SENDING),
        ("", None, 2.5, QuarantineReason.TOO_SOON_AFTER_SENDING),
    ],
)
def test_presses_of_machines(
    trap: str, dwell: float | None, way: float | None, reason: QuarantineReason | None
) -> None:
    opened = None if dwell is None else NOON - timedelta(seconds=dwell)
    sent = None if way is None else NOON - timedelta(seconds=way)
    assert weigh_press(Evidence(trap, opened, sent), NOON).reason is reason


def test_two_half_signs_make_one_whole_and_each_alone_makes_none() -> None:
    soon, later = NOON - timedelta(seconds=10), NOON - timedelta(seconds=40)
    listed = Evidence(sent_at=later, scanner_network=True)
    assert (weigh_press(listed, NOON).score, weigh_press(listed, NOON).reason) == (50, None)
    quick = Evidence(sent_at=soon)
    assert (weigh_press(quick, NOON).score, weigh_press(quick, NOON).reason) == (50, None)
    both = weigh_press(Evidence(sent_at=soon, scanner_network=True), NOON)
    assert both.signs == (QuarantineReason.SOON_AFTER_SENDING, QuarantineReason.SCANNER_NETWORK)
    assert both.reason is QuarantineReason.SOON_AFTER_SENDING


def test_every_sign_has_a_weight() -> None:
    assert set(WEIGHTS) == set(QuarantineReason)


def test_a_stamp_tells_when_the_page_was_served() -> None:
    stamp = make_stamp(KEY, "ab", NOON)
    assert read_stamp(KEY, "ab", stamp, NOON + minutes(5)) == NOON


@pytest.mark.parametrize("stamp", ["", ".", "1", "x.y", "١.ab", "1." + "0" * 32, "9" * 16 + ".ab", "1.é"])
def test_a_stamp_that_is_none_proves_nothing(stamp: str) -> None:
    assert read_stamp(KEY, "ab", stamp, NOON) is None


def test_a_stamp_is_bound_to_its_invitation_its_key_and_the_past() -> None:
    stamp = make_stamp(KEY, "ab", NOON)
    assert read_stamp(KEY, "cd", stamp, NOON) is None
    assert read_stamp(b"j" * 32, "ab", stamp, NOON) is None
    assert read_stamp(KEY, "ab", stamp, NOON - minutes(1)) is None
