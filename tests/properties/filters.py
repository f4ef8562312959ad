"""Filters as hypothesis makes them, the text of each, and systems whose fields are hard to compare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice, product

from hypothesis import strategies as st

from opulse.monitoring.systems.models import (
    ORDERED,
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Field,
    Filter,
    InNetworks,
    NeverReported,
    Not,
    OneOf,
    ReportAge,
    SystemEntry,
    SystemUser,
    Whose,
)
from opulse.monitoring.systems.rules.filters.parsing import read_filter

TEXTS = (
    "",
    "WS-1",
    "ws-10",
    "ws-9",
    "100%",
    "100_",
    "a_b!c",
    'say "hi"',
    "it's",
    "back\\slash",
    "Straße",
    "STRASSE",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "2.9",
    "2.10",
    "10.12.0007",
    "*",
    "über",
    "日本",
    "and",
)
ADDRESSES = ("", "10.1.2.3", "10.1.255.255", "192.168.0.1", "2001:db8::1", "::ffff:10.1.2.3", "no address")
KEYS = ("ring", "My Ring", "ü-key", 'q"uote', "dollar$[0]", "back\\slash")
DEPARTMENTS = ("", "Finance", "STRASSE", "100%")
NETWORKS = ("10.0.0.0/8", "10.1.2.3", "192.168.0.0/31", "2001:db8::/32", "0.0.0.0/0", "::/0")


def entries(count: int) -> Iterator[SystemEntry]:
    """Systems whose fields take all texts, each with other neighbours."""
    texts, addresses = cycle(TEXTS), cycle(ADDRESSES)
    pairs = islice(cycle(product(KEYS, TEXTS)), 0, None, 7)
    for number in range(count):
        users = tuple(
            SystemUser(
                f"CORP\\{next(texts) or 'nobody'}{one}",
                email=f"u{one}@example.org",
                is_primary=(number + one) % 3 == 0,
                department=DEPARTMENTS[(number + one) % len(DEPARTMENTS)],
            )
            for one in range(number % 4)
        )
        yield SystemEntry(
            f"{next(texts)} {number}",
            fqdn=next(texts),
            domain=next(texts),
            operating_system=next(texts),
            agent_version=next(texts),
            site=next(texts),
            attributes=dict(islice(pairs, number % 3)),
            users=users,
            serial=next(texts),
            ip_address=next(addresses),
            platform=next(texts),
        )


def filters() -> st.SearchStrategy[Filter]:
    """Trees that the language can say."""
    return st.recursive(_leaves(), _joined, max_leaves=8)


def text_of(term: Filter) -> str:
    """A filter as somebody could have typed it."""
    match term:
        case Not(inner):
            return f"not ({text_of(inner)})"
        case AllOf(terms):
            return "(" + " and ".join(text_of(one) for one in terms) + ")"
        case AnyOf(terms):
            return "(" + " or ".join(text_of(one) for one in terms) + ")"
        case Compare(field, how, value):
            return f"{_field(field)} {how.value} {_quoted(value)}"
        case OneOf(field, values):
            return f"{_field(field)} in ({', '.join(map(_quoted, values))})"
        case ReportAge(how, age):
            return f"lastReported {how.value} {age // timedelta(hours=1)}h"
        case NeverReported():
            return "lastReported = never"
        case InNetworks():
            raise ValueError("a network is said in one of several ways: see _networks")


def _leaves() -> st.SearchStrategy[Filter]:
    values = st.sampled_from([text.casefold() for text in TEXTS])
    not_empty = values.filter(bool)
    own = st.sampled_from(
        ["name", "fqdn", "domain", "operatingSystem", "agentVersion", "platform", "serial", "site"]
    )
    plain = own.map(lambda path: Field(Whose.SYSTEM, path)) | st.sampled_from(KEYS).map(_attribute)
    users = st.builds(
        Field,
        st.sampled_from([Whose.USER, Whose.PRIMARY]),
        st.sampled_from(["name", "email", "department", "lastName"]),
    )
    parts = st.sampled_from([Comparison.CONTAINS, Comparison.STARTS, Comparison.ENDS])
    pattern = (
        st.lists(values, min_size=1, max_size=4).map("*".join).filter(lambda text: 0 < text.count("*") < 9)
    )
    ages = st.integers(0, 60 * 24).map(lambda hours: timedelta(hours=hours))
    return st.one_of(
        st.builds(Compare, plain | users, st.just(Comparison.EQUALS), values),
        st.builds(Compare, plain | users, parts, not_empty | not_empty.map(lambda text: text[:2])),
        st.builds(Compare, plain | users, st.just(Comparison.MATCHES), pattern),
        st.builds(Compare, plain, st.sampled_from(sorted(ORDERED)), not_empty),
        st.builds(OneOf, plain | users, st.lists(values, min_size=1, max_size=3).map(tuple)),
        st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2).map(_networks),
        st.builds(ReportAge, st.sampled_from(sorted(ORDERED)), ages),
        st.just(NeverReported()),
    )


def _joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return inner.map(Not) | several.map(AllOf) | several.map(AnyOf)


def _networks(chosen: list[str]) -> Filter:
    return read_filter(f"ipAddress in ({', '.join(chosen)})")


def _attribute(key: str) -> Field:
    term = read_filter(f"attributes.{_quoted(key)} = x")
    assert isinstance(term, Compare)
    return term.field


def _field(field: Field) -> str:
    if field.whose is not Whose.SYSTEM:
        return f"{field.whose.value}.{field.path}"
    key = next((key for key in KEYS if _attribute(key) == field), None)
    return field.path if key is None else f"attributes.{_quoted(key)}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
