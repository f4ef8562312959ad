"""Which page shows which finding."""

from __future__ import annotations

import pytest

from opulse.pulses.doctor import Finding, Kind
from opulse.pulses.doctor.models import Subject
from opulse.pulses.doctor.rules.places import belonging_to, is_place

EXTRA = Finding(
    Kind.SENSOR_EXTRA, Subject("workflow", "Ask", "/workflows/WF_1"), "x", also=("/notifications/n-1",)
)
RELAY = Finding(Kind.NO_RELAY, Subject("relay", "Mail relay"), "No mail relay is set.")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/workflows/WF_1", True),
        ("/workflows/WF_1/sharing", True),
        ("/notifications/n-1", True),  # an edit of either half breaks the pair
        ("/workflows", True),  # where saving leads
        ("/notifications", True),
        ("/workflows/WF_11", False),
        ("/notifications/n-2", False),
        ("/recipients", False),
    ],
)
def test_a_finding_is_on_the_pages_of_what_it_is_about(path: str, shown: bool) -> None:
    assert belonging_to([EXTRA, RELAY], path) == ((EXTRA,) if shown else ())


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/notifications/n-1", True),
        ("/directory/POOL_1/rules", True),
        ("/admin/tenant", True),
        ("/", False),
        ("/activations/1", False),
        ("/directory/POOL_1/contacts", False),
        ("//evil.example/notifications", False),
        ("https://evil.example/notifications", False),
        ("/notifications/\n", False),
    ],
)
def test_only_these_pages_cost_a_read_and_are_led_back_to(path: str, place: bool) -> None:
    assert is_place(path) is place
