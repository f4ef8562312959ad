"""The filter of a contact search (qualtrics-api.md 1.8) as the tree that segments have.

A leaf is ``{"filterType", "comparison", "value"}``, with ``"field"`` where the type is ``embeddedData``; a group is
``{"conjunction": "and" | "or", "filters": [...]}``. Only ``eq`` is evidenced; the other comparisons are names of the
vendor's documents, and one that is not known is refused, for a filter that is skipped finds people who were not meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.audiences.models import (
    DEPTH_MAX,
    TERMS_MAX,
    AllOf,
    AnyOf,
    Attribute,
    How,
    Not,
    OfData,
    OfText,
    Subscribed,
    Term,
)
from opulse.experience.directory.models import Declared, FieldKind
from opulse.experience.directory.rules import ValueRefused, read_value

ATTRIBUTES: Mapping[str, Attribute] = {
    "email": Attribute.EMAIL,
    "emailDomain": Attribute.EMAIL_DOMAIN,
    "phone": Attribute.PHONE,
    "extRef": Attribute.EXT_REF,
    "externalDataReference": Attribute.EXT_REF,
    "firstName": Attribute.FIRST_NAME,
    "lastName": Attribute.LAST_NAME,
    "language": Attribute.LANGUAGE,
}
COMPARISONS: Mapping[str, tuple[bool, How]] = {
    "eq": (False, How.EQUALS),
    "neq": (True, How.EQUALS),
    "contains": (False, How.CONTAINS),
    "notContains": (True, How.CONTAINS),
    "beginsWith": (False, How.STARTS),
    "endsWith": (False, How.ENDS),
    "gt": (False, How.MORE),
    "gte": (False, How.AT_LEAST),
    "lt": (False, How.LESS),
    "lte": (False, How.AT_MOST),
    "empty": (False, How.EQUALS),
    "notEmpty": (True, How.EQUALS),
}
"""Name → whether it is the opposite, and of which comparison."""

_ORDER = frozenset({"gt", "gte", "lt", "lte"})
_NO_VALUE = frozenset({"empty", "notEmpty"})
VALUE_MAX = 1_000


class FilterRefused(ValueError):
    """The filter cannot be read; the message says where and what would do."""


def read_filter(document: Any, declared: Declared) -> Term:
    """The tree of a filter.

    Args:
        declared: types of embedded data; only numbers and dates have an order.

    Raises:
        FilterRefused: it is no filter.
    """
    return _Reader(declared).read(document, "filter", 1)


class _Reader:
    def __init__(self, declared: Declared) -> None:
        self._declared, self._leaves = declared, 0

    def read(self, document: Any, at: str, depth: int) -> Term:
        if not isinstance(document, dict):
            raise FilterRefused(f"{at} must be an object")
        if depth > DEPTH_MAX:
            raise FilterRefused(f"{at} is more than {DEPTH_MAX} groups deep")
        if "conjunction" in document or "filters" in document:
            return self._group(document, at, depth)
        self._leaves += 1
        if self._leaves > TERMS_MAX:
            raise FilterRefused(f"a filter has at most {TERMS_MAX} comparisons")
        return self._leaf(document, at)

    def _group(self, document: dict[str, Any], at: str, depth: int) -> Term:
        inner, word = document.get("filters"), document.get("conjunction")
        if word not in ("and", "or"):
            raise FilterRefused(f"{at}.conjunction must be and, or or")
        if not isinstance(inner, list) or not inner:
            raise FilterRefused(f"{at}.filters must be a list with at least one filter")
        terms = tuple(self.read(one, f"{at}.filters[{place}]", depth + 1) for place, one in enumerate(inner))
        return AllOf(terms) if word == "and" else AnyOf(terms)

    def _leaf(self, leaf: dict[str, Any], at: str) -> Term:
        kind, name = leaf.get("filterType"), leaf.get("comparison")
        if not isinstance(name, str) or name not in COMPARISONS:
            raise FilterRefused(f"{at}.comparison must be one of {', '.join(COMPARISONS)}")
        if kind == "unsubscribed":
            return _subscribed(leaf, name, at)
        value = "" if name in _NO_VALUE else _text(leaf, at)
        negated, how = COMPARISONS[name]
        if kind == "embeddedData":
            term = self._of_data(leaf, name, how, value, at)
        elif isinstance(kind, str) and kind in ATTRIBUTES:
            if name in _ORDER:
                raise FilterRefused(f"{at}.comparison: {kind} is a text, which has no order")
            term = OfText(ATTRIBUTES[kind], how, (value,))
        else:
            known = ", ".join([*ATTRIBUTES, "unsubscribed", "embeddedData"])
            raise FilterRefused(f"{at}.filterType must be one of {known}")
        return Not(term) if negated else term

    def _of_data(self, leaf: dict[str, Any], comparison: str, how: How, value: str, at: str) -> Term:
        name = leaf.get("field")
        if not isinstance(name, str) or not name.strip() or any(mark in name for mark in '"\\\0'):
            raise FilterRefused(f"{at}.field must be the name of an embedded data field")
        field = self._declared.get(name.casefold())
        kind = field.kind if field else FieldKind.TEXT
        name = field.name if field else name
        if comparison in _ORDER and kind not in (FieldKind.NUMBER, FieldKind.DATE):
            raise FilterRefused(f"{at}.comparison: {name} has no order; declare it as a number or a date")
        typed = comparison in _ORDER or (how is How.EQUALS and value)
        if typed and kind in (FieldKind.NUMBER, FieldKind.DATE, FieldKind.BOOLEAN):
            value = _typed(kind, value, at)
        return OfData(name, how, (value,), bool(typed) and kind is FieldKind.NUMBER)


def _typed(kind: FieldKind, value: str, at: str) -> str:
    try:
        read = read_value(kind, value)
    except ValueRefused as error:
        raise FilterRefused(f"{at}.value: {error}") from error
    return str(read).lower() if isinstance(read, bool) else str(read)


def _subscribed(leaf: dict[str, Any], comparison: str, at: str) -> Term:
    value = str(leaf.get("value")).lower()
    if comparison not in ("eq", "neq") or value not in ("true", "false"):
        raise FilterRefused(f"{at}: unsubscribed is eq or neq to true or false")
    return Subscribed((value == "false") is (comparison == "eq"))


def _text(leaf: dict[str, Any], at: str) -> str:
    value = leaf.get("value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str) or len(value) > VALUE_MAX or "\0" in value:
        raise FilterRefused(f"{at}.value must be a text of at most {VALUE_MAX} characters, or a number")
    return value
