"""Which answers may be deleted together, and what may stand beside answers."""

from __future__ import annotations

from typing import Any

import pytest

from opulse.experience.responses.models import Identity
from opulse.experience.responses.models.amending import Claimed
from opulse.experience.responses.rules.amending import EmbeddedWrong, decide_deletable, read_embedded

MANY = {str(one): "" for one in range(101)}


def some(activation: str, number: int, *, tied: bool = True) -> list[Claimed]:
    return [Claimed(f"R_{activation}{one}", activation, tied, {}) for one in range(number)]


@pytest.mark.parametrize(
    ("identity", "found", "expected"),
    [
        (Identity.NAMED, some("a", 1), True),
        (Identity.CONFIDENTIAL, some("a", 4), False),
        (Identity.CONFIDENTIAL, some("a", 5), True),
        (Identity.CONFIDENTIAL, some("a", 5) + some("b", 1), False),
        (Identity.CONFIDENTIAL, some("", 1), False),
        (Identity.CONFIDENTIAL, some("a", 1, tied=False), True),
        (Identity.ANONYMOUS, some("a", 4), False),
        (Identity.CONFIDENTIAL, [], True),
    ],
)
def test_of_each_incident_enough_go_at_once(identity: Identity, found: list[Claimed], expected: bool) -> None:
    assert decide_deletable(identity, found, 5) is expected


def test_values_become_texts() -> None:
    assert read_embedded({"a": "b", "n": 3, "f": 1.5, "t": True}) == {
        "a": "b",
        "n": "3",
        "f": "1.5",
        "t": "true",
    }


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "a",
        {"": "b"},
        {"a": None},
        {"a": {}},
        {"a": "\0"},
        {"n" * 201: ""},
        {"a": "v" * 20_001},
        MANY,
    ],
)
def test_what_is_no_embedded_data_is_refused(given: Any) -> None:
    with pytest.raises(EmbeddedWrong):
        read_embedded(given)
