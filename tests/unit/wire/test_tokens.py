import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire.tokens import LinkPurpose, LinkTokens

OLD, NEW = (1, b"o" * 32), (2, b"n" * 32)
ID = bytes(range(16))


@given(st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=16), st.sampled_from(LinkPurpose))
def test_what_is_issued_is_read(tenant: int, invitation_id: bytes, purpose: LinkPurpose) -> None:
    tokens = LinkTokens([NEW])
    token = tokens.issue(purpose, tenant, invitation_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{46,55}", token)
    assert tokens.read(purpose, token) == (tenant, invitation_id)
    assert all(tokens.read(other, token) is None for other in LinkPurpose if other is not purpose)


def test_an_old_key_still_verifies_and_the_first_issues() -> None:
    before = LinkTokens([OLD]).issue(LinkPurpose.ANSWER, 7, ID)
    rotated = LinkTokens([NEW, OLD])
    assert rotated.read(LinkPurpose.ANSWER, before) == (7, ID)
    assert LinkTokens([OLD]).read(LinkPurpose.ANSWER, rotated.issue(LinkPurpose.ANSWER, 7, ID)) is None
    assert LinkTokens([NEW]).read(LinkPurpose.ANSWER, before) is None


def test_the_same_key_id_with_another_secret_reads_nothing() -> None:
    token = LinkTokens([NEW]).issue(LinkPurpose.ANSWER, 7, ID)
    assert LinkTokens([(NEW[0], b"x" * 32)]).read(LinkPurpose.ANSWER, token) is None


def test_every_changed_character_is_refused() -> None:
    tokens = LinkTokens([NEW])
    token = tokens.issue(LinkPurpose.ANSWER, 300, ID)
    for at, character in enumerate(token):
        for other in {"A", "B", "_", "-", "9"} - {character}:
            assert tokens.read(LinkPurpose.ANSWER, token[:at] + other + token[at + 1 :]) is None


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    assert LinkTokens([NEW]).read(LinkPurpose.ANSWER, text) is None


def test_other_spellings_of_a_token_are_refused() -> None:
    tokens = LinkTokens([NEW])
    token = tokens.issue(LinkPurpose.ANSWER, 7, ID)
    for other in (
        token + "=",
        token + "A",
        " " + token,
        token + "\n",
        token[:-1],
        token[:20] + "\n" + token[20:],
    ):
        assert tokens.read(LinkPurpose.ANSWER, other) is None


@pytest.mark.parametrize("keys", [[], [(1, b"short")], [(1, b"a" * 32), (1, b"b" * 32)], [(256, b"a" * 32)]])
def test_bad_keys_are_refused(keys: list[tuple[int, bytes]]) -> None:
    with pytest.raises(ValueError):
        LinkTokens(keys)


def test_bad_parts_are_refused() -> None:
    tokens = LinkTokens([(0, secrets.token_bytes(32))])
    with pytest.raises(ValueError, match="16 bytes"):
        tokens.issue(LinkPurpose.ANSWER, 1, b"short")
    with pytest.raises(ValueError, match="tenant"):
        tokens.issue(LinkPurpose.ANSWER, -1, ID)
