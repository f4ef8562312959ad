"""Bounce addresses name their invitation, and only ours do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opulse.mail.addresses import wire_address
from opulse.mail.verp import Verp, VerpFault

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the cores are shared
OLD, NEW = b"o" * 32, b"n" * 32
VERP = Verp("bounce.example.org", (NEW,))


@UNHURRIED
@given(reference=st.binary(min_size=1, max_size=16), shout=st.booleans())
def test_what_was_encoded_is_decoded_whatever_became_of_its_case(reference: bytes, shout: bool) -> None:
    address = VERP.encode(reference)
    assert wire_address(address) == address
    assert len(address.partition("@")[0]) <= 64
    assert VERP.decode(address.upper() if shout else f" <{address}>") == reference


@UNHURRIED
@given(text=st.text(max_size=80))
def test_anything_else_is_refused_without_an_error(text: str) -> None:
    assert VERP.decode(text) is VerpFault.NOT_OURS
    assert VERP.decode(f"bounces+{text}@bounce.example.org") in {VerpFault.NOT_OURS, VerpFault.FORGED}


@UNHURRIED
@given(reference=st.binary(min_size=1, max_size=16), at=st.integers(0, 19))
def test_a_changed_signature_is_forged(reference: bytes, at: int) -> None:
    head, _, domain = VERP.encode(reference).partition("@")
    place = len(head) - 20 + at
    other = "a" if head[place] != "a" else "b"
    assert VERP.decode(f"{head[:place]}{other}{head[place + 1 :]}@{domain}") is VerpFault.FORGED


def test_keys_rotate() -> None:
    before = Verp("bounce.example.org", (OLD,)).encode(b"invitation")
    assert VERP.decode(before) is VerpFault.FORGED
    assert Verp("bounce.example.org", (NEW, OLD)).decode(before) == b"invitation"


def test_other_mailboxes_and_domains_are_not_ours() -> None:
    address = VERP.encode(b"x")
    assert VERP.decode(address.replace("bounces+", "other+")) is VerpFault.NOT_OURS
    assert VERP.decode(address.replace("@bounce.", "@evil.")) is VerpFault.NOT_OURS


def test_senseless_settings_are_refused() -> None:
    for keys, mailbox in (((), "bounces"), ((b"short",), "bounces"), ((NEW,), "a+b"), ((NEW,), "x" * 20)):
        with pytest.raises(ValueError):
            Verp("example.org", keys, mailbox)
    with pytest.raises(ValueError):
        VERP.encode(b"x" * 17)
