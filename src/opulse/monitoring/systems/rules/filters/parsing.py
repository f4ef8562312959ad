"""A filter from the text that people type. By hand, so that each error says where it is and what could stand there."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.monitoring.systems.models import (
    DEEPEST,
    MOST_TERMS,
    MOST_VALUES,
    ORDERED,
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Field,
    Filter,
    FilterError,
    InNetworks,
    NeverReported,
    Not,
    OneOf,
    ReportAge,
    Whose,
)
from opulse.monitoring.systems.rules.filters.facts import attribute_path
from opulse.monitoring.systems.rules.filters.values import read_age, read_network, read_text
from opulse.monitoring.systems.rules.filters.words import Kind, Word, split_words

FIELDS: Mapping[str, str] = {
    "name": "Name",
    "fqdn": "Full name",
    "domain": "Domain",
    "operatingSystem": "Operating system",
    "platform": "Platform: Windows, macOS, Linux …",
    "agentVersion": "Version of the agent",
    "ipAddress": "Address; also a network, as 10.0.0.0/8",
    "serial": "Serial number",
    "site": "Site",
    "systemId": "System ID",
    "attributes.KEY": "An attribute of yours; a KEY with spaces in quotation marks",
    "lastReported": "How long ago it reported, as 12h, 30d or 4w; also = never",
    "user.name": "Account of a user; also user.email, .firstName, .lastName, .department",
    "primaryUser.name": "The same of the primary user alone",
}
"""What can be asked, and what it means: the page lists it beside the form."""

_OF_USERS = ("name", "email", "firstName", "lastName", "department")
_AGE = "lastReported"
_ADDRESS = "ipAddress"
_FIELDS: Mapping[str, Field] = {
    **{name.lower(): Field(Whose.SYSTEM, name) for name in FIELDS if "." not in name},
    **{
        f"{whose}.{name}".lower(): Field(whose, name)
        for whose in (Whose.USER, Whose.PRIMARY)
        for name in _OF_USERS
    },
}
_COMPARISONS: Mapping[str, Comparison] = {one.value.lower(): one for one in Comparison}
_A_FIELD = "a field (name, platform, attributes.KEY, …), not or ("
_A_COMPARISON = "=, !=, <, <=, >, >=, contains, startsWith, endsWith, matches or in"


def read_filter(text: str) -> Filter:
    """The tree of a filter.

    Raises:
        FilterError: the text is none; it says where and what was expected.
    """
    return _Reader(text).read()


def has_age(term: Filter) -> bool:
    """Whether time alone can change who is in: such a filter is looked at by the clock."""
    match term:
        case Not(inner):
            return has_age(inner)
        case AllOf(terms) | AnyOf(terms):
            return any(has_age(one) for one in terms)
        case _:
            return isinstance(term, ReportAge | NeverReported)


class _Reader:
    """or → and → not → one comparison, each a method."""

    def __init__(self, text: str) -> None:
        self._words = split_words(text)
        self._place = 0
        self._depth = 0
        self._terms = 0
        self._values = 0

    def read(self) -> Filter:
        term = self._read_or()
        if self._now.kind is not Kind.END:
            raise self._error("and, or, or the end")
        return term

    @property
    def _now(self) -> Word:
        return self._words[self._place]

    def _take(self) -> Word:
        word = self._now
        if word.kind is not Kind.END:
            self._place += 1
        return word

    def _error(self, expected: str) -> FilterError:
        return FilterError(self._now.at, expected, self._now.shown)

    def _read_or(self) -> Filter:
        terms = [self._read_and()]
        while self._now.says("or"):
            self._take()
            terms.append(self._read_and())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _read_and(self) -> Filter:
        terms = [self._read_not()]
        while self._now.says("and"):
            self._take()
            terms.append(self._read_not())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _read_not(self) -> Filter:
        if not self._now.says("not", "("):
            return self._read_comparison()
        if self._depth == DEEPEST:
            raise self._error(f"at most {DEEPEST} parentheses and nots inside each other")
        self._depth += 1
        if self._take().text == "(":
            term = self._read_or()
            if not self._now.says(")"):
                raise self._error("and, or, or )")
            self._take()
        else:
            term = Not(self._read_not())
        self._depth -= 1
        return term

    def _read_comparison(self) -> Filter:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise self._error(f"at most {MOST_TERMS} comparisons")
        field = self._read_field()
        if self._now.says("in"):
            self._take()
            return self._read_in(field)
        if self._now.says("not"):
            self._take()
            if not self._now.says("in"):
                raise self._error("in, behind a field and not")
            self._take()
            return Not(self._read_in(field))
        word = self._now
        if word.says("!=", "<>"):
            self._take()
            return Not(self._compare(field, Comparison.EQUALS, word))
        if word.kind is Kind.QUOTED or (how := _COMPARISONS.get(word.text.lower())) is None:
            raise self._error(_A_COMPARISON)
        self._take()
        return self._compare(field, how, word)

    def _read_field(self) -> Field:
        word = self._now
        if word.kind is not Kind.PLAIN:
            raise self._error(_A_FIELD)
        spoken = word.text.lower()
        if spoken.startswith("attributes."):
            self._take()
            key = word.text[len("attributes.") :] or self._read_quoted_key(word)
            return Field(Whose.SYSTEM, attribute_path(key))
        if spoken not in _FIELDS:
            raise self._error(_A_FIELD)
        self._take()
        return _FIELDS[spoken]

    def _read_quoted_key(self, before: Word) -> str:
        if self._now.kind is not Kind.QUOTED or self._now.at != before.end or not self._now.text:
            raise FilterError(
                before.end, 'the attribute\'s name, as in attributes.ring or attributes."ring 1"', "nothing"
            )
        return self._take().text

    def _compare(self, field: Field, how: Comparison, sign: Word) -> Filter:
        if field.path == _AGE:
            return self._compare_age(how, sign)
        if field.whose is not Whose.SYSTEM and how in ORDERED:
            raise FilterError(
                sign.at, "=, !=, contains, startsWith, endsWith, matches or in for a user", sign.shown
            )
        if field.path == _ADDRESS and how is Comparison.EQUALS and self._now.text:
            return InNetworks((read_network(self._take_value()),))
        if field.path == _ADDRESS and how in ORDERED:
            raise FilterError(
                sign.at, "=, != or in for an address; a range is a network as 10.0.0.0/8", sign.shown
            )
        return Compare(field, how, read_text(self._take_value(), how))

    def _compare_age(self, how: Comparison, sign: Word) -> Filter:
        if how is Comparison.EQUALS:
            if not self._now.says("never"):
                raise self._error("never (an age is compared by <, <=, > or >=)")
            self._take()
            return NeverReported()
        if how not in ORDERED:
            raise FilterError(sign.at, "<, <=, > or >= and an age as 30d, or = never", sign.shown)
        return ReportAge(how, read_age(self._take_value()))

    def _read_in(self, field: Field) -> Filter:
        if field.path == _AGE:
            raise self._error("<, <=, > or >= and an age as 30d, or = never")
        if not self._now.says("("):
            raise self._error("( and values with commas between")
        self._take()
        words = [self._take_value()]
        while self._now.says(","):
            self._take()
            words.append(self._take_value())
        if not self._now.says(")"):
            raise self._error(", or )")
        self._take()
        if field.path == _ADDRESS:
            return InNetworks(tuple(read_network(word) for word in words))
        return OneOf(field, tuple(read_text(word, Comparison.EQUALS) for word in words))

    def _take_value(self) -> Word:
        if self._now.kind not in (Kind.PLAIN, Kind.QUOTED):
            raise self._error("a value; one with spaces or signs in quotation marks")
        self._values += 1
        if self._values > MOST_VALUES:
            raise self._error(f"at most {MOST_VALUES} values")
        return self._take()
