from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest

from opulse.wire.identifiers import (
    Prefix,
    is_id,
    new_api_token,
    new_guid_in_order,
    new_id,
    new_ids,
    new_ids_in_order,
    new_keys_in_order,
    random_keys,
    random_text,
)

LENGTHS = {
    "SV": 18,
    "POOL": 20,
    "CG": 18,
    "CID": 19,
    "CGC": 19,
    "MLRP": 20,
    "EMD": 19,
    "MS": 18,
    "R": 17,
    "SUB": 19,
}


@pytest.mark.parametrize(("prefix", "length"), LENGTHS.items())
def test_the_lengths_that_clients_assert(prefix: str, length: int) -> None:
    made = new_id(Prefix(prefix))
    assert len(made) == length
    assert is_id(Prefix(prefix), made)


@pytest.mark.parametrize("text", ["", "CG_", "CG_" + "a" * 14, "CG_" + "a" * 16, "CID_" + "a" * 15, "CG_" + "-" * 15,
                                  "CG_" + "٣" * 15, " CG_" + "a" * 15, "CG_" + "a" * 15 + "\n"])  # fmt: skip
def test_what_is_no_mailing_list(text: str) -> None:
    assert not is_id(Prefix.MAILING_LIST, text)


def test_many_at_once_are_distinct() -> None:
    made = new_ids(Prefix.CONTACT, 20_000)
    assert len(set(made)) == 20_000
    assert all(is_id(Prefix.CONTACT, one) for one in made)
    assert new_ids(Prefix.CONTACT, 0) == []


def test_what_is_made_later_sorts_later() -> None:
    moments = [
        datetime(2026, 11, 29, tzinfo=UTC) + timedelta(milliseconds=step) for step in (0, 1, 61, 62, 10**9)
    ]
    made = [new_ids_in_order(Prefix.CONTACT, 500, moment) for moment in moments]
    assert all(max(before) < min(after) for before, after in pairwise(made))
    assert all(is_id(Prefix.CONTACT, one) for ids in made for one in ids)
    assert len({one for ids in made for one in ids}) == 2_500
    assert new_ids_in_order(Prefix.CONTACT, 0, moments[0]) == []


def test_keys_and_guids_of_a_later_moment_sort_later() -> None:
    moments = [datetime(2026, 11, 29, tzinfo=UTC) + timedelta(milliseconds=step) for step in (0, 1, 10**9)]
    keys = [new_keys_in_order(500, moment) for moment in moments]
    guids = [[new_guid_in_order(moment) for _ in range(500)] for moment in moments]
    for groups in (keys, guids):
        assert all(max(before) < min(after) for before, after in pairwise(groups))
        assert len({one for group in groups for one in group}) == 1_500
    assert all(bytes.fromhex(one).hex() == one and len(one) == 32 for group in keys for one in group)
    assert {UUID(one).version for group in guids for one in group} == {7}
    assert {UUID(one).variant for group in guids for one in group} == {RFC_4122}


def test_random_keys_are_128_bits_each() -> None:
    keys = random_keys(500)
    assert len(set(keys)) == 500
    assert all(bytes.fromhex(one).hex() == one and len(one) == 32 for one in keys)
    assert random_keys(0) == []


def test_each_character_is_equally_likely() -> None:
    counts = Counter(random_text(620_000))
    assert len(counts) == 62
    assert all(9_500 < count < 10_500 for count in counts.values())  # five standard deviations


def test_an_api_token_has_forty_characters() -> None:
    assert len(new_api_token()) == 40
    assert new_api_token().isalnum()
