"""A document as text gives its data back to the letter, whatever people called things; and the same data are the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.pulses.configuration.models import ImportRefused
from opulse.pulses.configuration.rules import leaves, read_document, write_document

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    st.sampled_from(
        ["", " ", "no", "No", "~", "null", "1", "1e3", "0x1f", "12:30:45", "2026-01-01", "<<", "=", "a: b", "# no",
         "- x", "a\nb", "a\n", "\na", " a\nb", "a \nb", "a\n\n", "a\r\nb", "{", "'", '"', "*a", "&a", "!b", "%", "@",
         "a\n\tb", "\u2028", "\ufeff", "é\nü", "\x85", "x" * 200, "🙂\n🙂"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(-(10**12), 10**12), st.booleans(), st.none(), st.floats(-1e6, 1e6)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["groups", "sensors"]), st.dictionaries(TEXTS, VALUES, max_size=3)))
def test_what_is_written_is_read_again(sections: dict[str, dict[str, object]]) -> None:
    text = write_document(sections)
    assert read_document(text).sections == sections
    assert write_document(read_document(text).sections) == text


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_document(f"opulse_configuration: 1\n{text}")
    except ImportRefused as refused:
        assert all(mend.text for mend in refused.mends)


def test_a_text_of_several_lines_stands_as_it_is() -> None:
    text = write_document({"groups": {"A": {"rule": "one\ntwo\n"}}})
    assert "    rule: |\n      one\n      two\n" in text


@pytest.mark.parametrize("depth", [50, 5_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    with pytest.raises(ImportRefused):
        read_document(f"opulse_configuration: 1\ngroups: {{a: {'[' * depth}{']' * depth}}}")


def test_references_do_not_grow() -> None:
    bomb = "opulse_configuration: 1\ngroups:\n  a: &a [x, x]\n" + "".join(
        f"  {chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    with pytest.raises(ImportRefused, match="References"):
        read_document(bomb)


def test_members_of_lists_are_known_by_name() -> None:
    entry = {"headers": [{"name": "A", "value": "1"}, {"name": "B"}], "systems": ["x", "y"], "none": {}}
    assert leaves(entry) == {
        "headers.A.value": "1",
        "headers.B": True,
        "systems": ["x", "y"],
        "none": {},
    }
