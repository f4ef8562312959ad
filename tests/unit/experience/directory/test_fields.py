"""Values of declared fields are read, or refused with what would be right; which frequency rules hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opulse.experience.directory.models import (
    ContactField,
    FieldKind,
    FieldRefused,
    FieldScope,
    FrequencyRule,
    RuleKind,
    RuleScope,
)
from opulse.experience.directory.rules import (
    ValueRefused,
    check_declaration,
    read_value,
    read_values,
    rules_for,
)

K = FieldKind


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (K.TEXT, 7, "7"),
        (K.TEXT, ["a", "b"], "a; b"),
        (K.TEXT, True, "true"),
        (K.NUMBER, " 1234.50 ", 1234.5),
        (K.NUMBER, "-3", -3),
        (K.NUMBER, "1e3", 1000),
        (K.NUMBER, 2.5, 2.5),
        (K.DATE, "2026-11-29", "2026-11-29"),
        (K.DATE, "2026-11-29T09:30:00+01:00", "2026-11-29T08:30:00Z"),
        (K.DATE, "2026-11-29T08:30", "2026-11-29T08:30:00Z"),
        (K.LIST, "a; b ;;c", ["a", "b", "c"]),
        (K.LIST, ["a", 1, ""], ["a", "1"]),
        (K.BOOLEAN, "Yes", True),
        (K.BOOLEAN, 0, False),
        (K.BOOLEAN, "", ""),
        (K.NUMBER, "", ""),
    ],
)
def test_values_are_kept_in_their_type(kind: FieldKind, given: Any, kept: Any) -> None:
    read = read_value(kind, given)
    assert read == kept
    assert type(read) is type(kept)


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (K.NUMBER, "1,000", "not a number"),
        (K.NUMBER, "nan", "not a number"),
        (K.NUMBER, True, "not a number"),
        (K.NUMBER, ["1"], "not a number"),
        (K.NUMBER, float("inf"), "finite"),
        (K.NUMBER, "1e999", "finite"),
        (K.DATE, "29.11.2026", "not a date"),
        (K.DATE, "2026-13-01", "not a date"),
        (K.DATE, 20261129, "not a date"),
        (K.BOOLEAN, "maybe", "neither true nor false"),
        (K.LIST, [["a"]], "plain values"),
    ],
)
def test_other_values_say_what_would_be_right(kind: FieldKind, given: Any, words: str) -> None:
    with pytest.raises(ValueRefused, match=words):
        read_value(kind, given)


def test_declared_names_are_written_as_they_are_declared() -> None:
    declared = {"site": ContactField(FieldScope.CONTACT, "Site", K.TEXT, datetime(2026, 1, 1, tzinfo=UTC))}
    assert read_values(declared, {"SITE": 5, "other": 5}) == {"Site": "5", "other": 5}


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        (" ", K.TEXT, "has a name"),
        ("x" * 101, K.TEXT, "has a name"),
        ("a\nb", K.TEXT, "printable"),
        ('a"b', K.TEXT, "holds none of"),
        ("email", K.TEXT, "every contact has"),
        ("lastAlarm", K.TEXT, "Operational Pulse task"),
    ],
)
def test_names_that_no_field_may_have(name: str, kind: FieldKind, words: str) -> None:
    with pytest.raises(FieldRefused, match=words):
        check_declaration(name, kind)


def rule(kind: RuleKind, scope: RuleScope, target: str = "", limit: int = 1) -> FrequencyRule:
    return FrequencyRule(f"FQ_{kind}{scope}{target}{limit}", kind, limit, 60, scope, target)


def test_a_narrower_rule_takes_the_place_of_wider_ones_of_its_kind() -> None:
    """qualtrics-product.md 13.11: survey, then list, then directory; the strictest among equals."""
    wide = rule(RuleKind.MAX_IN_PERIOD, RuleScope.DIRECTORY)
    second = rule(RuleKind.MAX_IN_PERIOD, RuleScope.DIRECTORY, limit=2)
    gap = rule(RuleKind.MIN_GAP, RuleScope.DIRECTORY)
    of_list = rule(RuleKind.MAX_IN_PERIOD, RuleScope.LIST, "CG_1")
    of_survey = rule(RuleKind.MAX_IN_PERIOD, RuleScope.SURVEY, "SV_1")
    rules = [wide, second, gap, of_list, of_survey]
    assert rules_for(rules, survey="SV_2", list_id="") == [wide, second, gap]
    assert rules_for(rules, survey="SV_2", list_id="CG_1") == [gap, of_list]
    assert rules_for(rules, survey="SV_1", list_id="CG_1") == [gap, of_survey]
    assert rules_for([of_survey], survey="SV_2", list_id="") == []
