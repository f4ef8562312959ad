"""GUIDs against a plain dictionary, and what is no GUID."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.sensors.flow.guids import GuidTable, KnownSystems, read_guid
from opulse.monitoring.sensors.rules.columns import Packed, Texts

guids = st.binary(min_size=16, max_size=16)


@given(st.dictionaries(st.integers(1, 5000), guids, max_size=60), st.lists(guids, max_size=5))
def test_the_table_is_a_dictionary(by_idx: dict[int, bytes], strangers: list[bytes]) -> None:
    table, plain = GuidTable(), dict[bytes, int]()
    for idx, guid in by_idx.items():
        table.add(guid, idx)
        plain.setdefault(guid, idx)
    assert len(table) == len(plain)
    for guid in (*by_idx.values(), *strangers):
        assert table.find(guid) == plain.get(guid, 0)


def test_it_grows() -> None:
    table = GuidTable()
    for idx in range(1, 5001):
        table.add(UUID(int=idx * 7919).bytes, idx)
    assert [table.find(UUID(int=idx * 7919).bytes) for idx in (1, 2500, 5000)] == [1, 2500, 5000]
    assert table.find(UUID(int=3).bytes) == 0


def test_both_forms_find_what_was_learned() -> None:
    known = KnownSystems()
    known.learn({str(UUID(int=5)): 1, str(UUID(int=2**127 + 10)): 2})
    texts = (str(UUID(int=5)), str(UUID(int=2**127 + 10)).upper(), "nobody", str(UUID(int=6)))
    blob = b"".join(UUID(int=number).bytes for number in (2**127 + 10, 6))
    for _ in range(2):
        assert list(known.find_all(Texts(texts))) == [1, 2, 0, 0]
        assert list(known.find_all(Packed(blob))) == [2, 0]
        assert list(known.find_all(Packed(blob[:16]))) == [2]
    known.learn({str(UUID(int=6)): 3})
    assert list(known.find_all(Packed(blob))) == [2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 36,
        "0f8fad5bd9cb469fa16570867728950e",
        "0f8fad5b-d9cb-469f-a165-7086772895  ",
        "{0f8fad5b-d9cb}",
    ],
)
def test_what_is_no_guid(text: str) -> None:
    assert read_guid(text) == b""
