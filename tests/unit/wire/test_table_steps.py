"""A stream is cut between rows, whatever the pieces; plain addresses are a part of the valid ones."""

from __future__ import annotations

import csv
import io

from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from opulse.experience.directory.rules import is_plain_address
from opulse.wire.table_steps import STEP_LINES, StepCutter

CELLS = st.text(st.sampled_from('ab ",\n'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=30), st.integers(1, 40))
def test_the_rows_of_all_steps_are_the_rows_of_the_file(rows: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    whole = written.getvalue().encode()
    cutter = StepCutter(first_line=2)
    steps = [step for at in range(0, len(whole), size) for step in cutter.take(whole[at : at + size])]
    steps += cutter.end()
    assert b"".join(step.body for step in steps) == whole
    read = [row for step in steps for row in csv.reader(io.StringIO(step.body.decode(), newline=""))]
    assert read == rows


def test_a_step_ends_between_rows_and_knows_its_first_line() -> None:
    rows = b"".join(b'"%d\nsecond line",x\n' % number for number in range(STEP_LINES))
    cutter = StepCutter(first_line=2)
    steps = cutter.take(rows) + cutter.end()
    assert [step.first_line for step in steps] == [2, 2 + STEP_LINES]
    assert all(step.body.startswith(b'"') and step.body.endswith(b",x\n") for step in steps)


def test_a_mark_that_is_never_closed_swallows_no_file() -> None:
    cutter = StepCutter()
    steps = cutter.take(b'"open\n' + b"a,b\n" * 5_000) + cutter.end()
    assert all(step.body.count(b"\n") <= 2_000 for step in steps)


def test_a_line_without_end_is_cut() -> None:
    cutter = StepCutter()
    assert cutter.take(b"x" * 2_500_000)
    assert cutter.end() == []


@given(st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9.-]{1,20}\.[a-z]{2,6}", fullmatch=True))
def test_a_plain_address_passes_the_full_check(address: str) -> None:
    if is_plain_address(address):
        validate_email(address, check_deliverability=False, test_environment=True)


def test_most_addresses_are_plain_and_odd_ones_are_not() -> None:
    for address in ("maya.schmidt@acme.example.org", "M_1+tag@a-b.co", "x@sub.sub2.acme.de"):
        assert is_plain_address(address)
    for address in (
        "a@b",
        "a..b@c.de",
        ".a@c.de",
        "a@-c.de",
        "a@c.local",
        "ü@c.de",
        "a@xn--c.de",
        "a b@c.de",
        "@c.de",
    ):
        assert not is_plain_address(address)
