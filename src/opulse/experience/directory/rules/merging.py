"""What remains of contacts that turned out to be one person. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opulse.experience.directory.models import MERGE_FIELDS, MERGE_RULES_MAX, Contact, ListRefused

KEPT = ("first_name", "last_name", "email", "ext_ref", "phone", "language", "time_zone")


def merge_values(ones: Sequence[Contact]) -> dict[str, Any]:
    """The fields of the survivor: of each the newest value that there is (qualtrics-product.md 7.4), opted out if anybody was."""
    by_age = sorted(ones, key=lambda one: (one.updated_at, one.id))
    values: dict[str, Any] = {}
    embedded: dict[str, Any] = {}
    for one in by_age:
        values |= {name: value for name in KEPT if (value := getattr(one, name))}
        embedded |= {name: value for name, value in one.embedded.items() if value not in ("", [])}
    full = dict.fromkeys(KEPT, "") | values
    return {**full, "embedded": embedded, "unsubscribed": any(one.unsubscribed for one in ones)}


def check_merge_rules(rules: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The rules without empty ones and repeated fields.

    Raises:
        ListRefused: too many, or a field that does not identify.
    """
    kept = [tuple(dict.fromkeys(rule)) for rule in rules if rule]
    if len(kept) > MERGE_RULES_MAX:
        raise ListRefused(f"a directory has at most {MERGE_RULES_MAX} merge rules")
    unknown = sorted({field for rule in kept for field in rule} - set(MERGE_FIELDS))
    if unknown:
        raise ListRefused(f"{', '.join(unknown)} cannot identify a person; use {', '.join(MERGE_FIELDS)}")
    if any(set(rule) <= {"first_name"} or set(rule) <= {"last_name"} for rule in kept):
        raise ListRefused("one name alone makes strangers the same person; add another field to the rule")
    return kept
